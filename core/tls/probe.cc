// SPDX-License-Identifier: Apache-2.0
#include "core/tls/probe.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/tls/library.h"
#include "core/tls/openssl.h"

namespace aw::tls {

struct Probe::Impl {
  Fd socket;
  std::chrono::nanoseconds patience{0};
  Handshake handshake;  // before ssl: ssl points to it
  SslCtxPtr context;
  SslPtr ssl;  // null without TLS
  std::vector<Certificate> chain;

  Result<void> shake();
  Result<void> note_chain();
  [[nodiscard]] bool ready(short events) const;
  // True when the library or the kernel only wanted to wait, and what it waited for came.
  [[nodiscard]] bool waited(int want) const;
  [[nodiscard]] std::string why(int want, int number) const;
  int write_some(std::string_view bytes, int& number);
  int read_some(std::array<char, 16384>& into, int& number);
};

namespace {

struct AddressesFree {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

bool wait_on(int fd, short events, std::chrono::nanoseconds patience) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  auto const limit = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  return ::poll(&one, 1, static_cast<int>(std::clamp<std::int64_t>(limit, 1, 600'000))) > 0;
}

Result<Fd> dial(ProbeSpec const& spec) {
  auto const where = spec.host + ':' + std::to_string(spec.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  if (int const fault =
          ::getaddrinfo(spec.host.c_str(), std::to_string(spec.port).c_str(), &hints, &raw);
      fault != 0)
    return make_error(Code::connect, "find " + where + ": " + ::gai_strerror(fault));
  std::unique_ptr<addrinfo, AddressesFree> const list(raw);
  Fd socket(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.open()) return errno_error(Code::connect, "make a socket", errno);
  if (::connect(socket.get(), list->ai_addr, list->ai_addrlen) != 0 && errno != EINPROGRESS)
    return errno_error(Code::connect, "connect to " + where, errno);
  if (!wait_on(socket.get(), POLLOUT, spec.patience))
    return make_error(Code::timeout, "connect to " + where + ": no answer in time");
  int fault = 0;
  socklen_t size = sizeof(fault);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &fault, &size);
  if (fault != 0) return errno_error(Code::connect, "connect to " + where, fault);
  return socket;
}

Result<void> show(SSL_CTX* context, ProbeSpec const& spec) {
  if (spec.chain.empty()) return {};
  AW_TRY(X509Ptr const leaf, copy_into(spec.chain.front(), nullptr));
  AW_TRY(PkeyPtr const key, copy_into(spec.key, nullptr));
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1)
    return library_error(Code::tls_setup, "use the certificate");
  for (auto const& certificate : std::span(spec.chain).subspan(1)) {
    AW_TRY(X509Ptr const signer, copy_into(certificate, nullptr));
    if (SSL_CTX_add1_chain_cert(context, signer.get()) != 1)
      return library_error(Code::tls_setup, "use the certificate's chain");
  }
  return {};
}

// What we would never accept ourselves is offered here: the listener is to refuse it.
Result<SslCtxPtr> careless_context(ProbeSpec const& spec) {
  SslCtxPtr context(SSL_CTX_new_ex(library(Crypto::standard), nullptr, TLS_client_method()));
  if (!context) return library_error(Code::tls_setup, "make a TLS context");
  int const number = spec.version == Version::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
  if (SSL_CTX_set_min_proto_version(context.get(), number) != 1 ||
      SSL_CTX_set_max_proto_version(context.get(), number) != 1)
    return library_error(Code::tls_setup, "set the TLS version");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_info_callback(context.get(), note_alert);
  AW_TRY(show(context.get(), spec));
  std::string wire;
  for (auto const& name : spec.alpn)
    wire.append(1, static_cast<char>(static_cast<unsigned char>(name.size()))).append(name);
  if (!wire.empty() && SSL_CTX_set_alpn_protos(context.get(), bytes(wire),
                                               static_cast<unsigned int>(wire.size())) != 0)
    return library_error(Code::tls_setup, "set ALPN");
  return context;
}

}  // namespace

bool Probe::Impl::ready(short events) const { return wait_on(socket.get(), events, patience); }

bool Probe::Impl::waited(int want) const {
  if (want == SSL_ERROR_WANT_READ) return ready(POLLIN);
  return want == SSL_ERROR_WANT_WRITE && ready(POLLOUT);
}

std::string Probe::Impl::why(int want, int number) const {
  if (handshake.peer_alert >= 0) {
    ERR_clear_error();
    // RFC 8446 §6.2; the library's table has no word for it.
    if (handshake.peer_alert == SSL_AD_CERTIFICATE_REQUIRED) return "alert certificate required";
    return std::string("alert ") + SSL_alert_desc_string_long(handshake.peer_alert);
  }
  if (want == SSL_ERROR_SSL) return take_errors();
  return number == 0 ? "closed" : std::strerror(number);
}

Result<void> Probe::Impl::shake() {
  for (;;) {
    ERR_clear_error();
    errno = 0;
    int const done = SSL_connect(ssl.get());
    int const number = errno;
    if (done == 1) return note_chain();
    int const want = SSL_get_error(ssl.get(), done);
    if (waited(want)) continue;
    if (want == SSL_ERROR_WANT_READ || want == SSL_ERROR_WANT_WRITE)
      return make_error(Code::timeout, "no answer to the handshake in time");
    return make_error(Code::handshake_failed, why(want, number));
  }
}

Result<void> Probe::Impl::note_chain() {
  STACK_OF(X509) const* sent = SSL_get_peer_cert_chain(ssl.get());
  int const count = std::min(sk_X509_num(sent), static_cast<int>(Certificate::kMaxChain));
  for (int i = 0; i < count; ++i) {
    X509* x509 = sk_X509_value(sent, i);
    if (X509_up_ref(x509) != 1) return library_error(Code::internal, "keep a certificate");
    AW_TRY(Certificate certificate, adopt(X509Ptr(x509)));
    chain.push_back(std::move(certificate));
  }
  return {};
}

Probe::Probe(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Probe::Probe(Probe&&) noexcept = default;
Probe& Probe::operator=(Probe&&) noexcept = default;
Probe::~Probe() = default;

Result<Probe> Probe::open(ProbeSpec const& spec) {
  auto impl = std::make_unique<Impl>();
  impl->patience = spec.patience;
  AW_TRY(impl->socket, dial(spec));
  if (spec.wire == ProbeSpec::Wire::tls) {
    AW_TRY(impl->context, careless_context(spec));
    impl->ssl.reset(SSL_new(impl->context.get()));
    BIO* const bio = impl->ssl ? new_socket_bio(impl->socket.get()) : nullptr;
    if (bio == nullptr) return library_error(Code::tls_setup, "make a TLS connection");
    SSL_set_bio(impl->ssl.get(), bio, bio);
    attach(impl->ssl.get(), &impl->handshake);
    AW_TRY(impl->shake());
  }
  return Probe(std::move(impl));
}

// Both return the count, or -1 with the reason in SSL_get_error's words; `number` is errno.
int Probe::Impl::write_some(std::string_view from, int& number) {
  ERR_clear_error();
  errno = 0;
  auto const size = static_cast<int>(std::min<std::size_t>(from.size(), 1U << 16));
  int const sent = ssl ? SSL_write(ssl.get(), from.data(), size)
                       : static_cast<int>(::send(socket.get(), from.data(),
                                                 static_cast<std::size_t>(size), MSG_NOSIGNAL));
  number = errno;
  return sent;
}

int Probe::Impl::read_some(std::array<char, 16384>& into, int& number) {
  ERR_clear_error();
  errno = 0;
  int const got = ssl ? SSL_read(ssl.get(), into.data(), static_cast<int>(into.size()))
                      : static_cast<int>(::recv(socket.get(), into.data(), into.size(), 0));
  number = errno;
  return got;
}

namespace {

int wanted(SSL* ssl, int result, int number, int plain_want) {
  if (ssl != nullptr) return SSL_get_error(ssl, result);
  if (result == 0) return SSL_ERROR_ZERO_RETURN;
  return number == EAGAIN || number == EWOULDBLOCK ? plain_want : SSL_ERROR_SYSCALL;
}

}  // namespace

Result<void> Probe::send(std::string_view bytes) {
  while (!bytes.empty()) {
    int number = 0;
    int const sent = impl_->write_some(bytes, number);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    int const want = wanted(impl_->ssl.get(), sent, number, SSL_ERROR_WANT_WRITE);
    if (impl_->waited(want)) continue;
    if (want == SSL_ERROR_WANT_READ || want == SSL_ERROR_WANT_WRITE)
      return make_error(Code::timeout, "the server takes no more");
    return make_error(Code::io, impl_->why(want, number));
  }
  return {};
}

Probe::Heard Probe::hear(Enough const& enough) {
  Heard out;
  // A server that drips a byte now and then does not hold us longer than twice its patience.
  auto const until =
      steady_now() + std::chrono::duration_cast<SteadyTime::duration>(2 * impl_->patience);
  std::array<char, 16384> buffer{};
  while (out.bytes.size() < kMostHeard && steady_now() < until) {
    int number = 0;
    int const got = impl_->read_some(buffer, number);
    if (got > 0) {
      out.bytes.append(buffer.data(), static_cast<std::size_t>(got));
      if (!enough || !enough(out.bytes)) continue;
      out.end = End::enough;
      return out;
    }
    int const want = wanted(impl_->ssl.get(), got, number, SSL_ERROR_WANT_READ);
    if (impl_->waited(want)) continue;
    if (want == SSL_ERROR_WANT_READ || want == SSL_ERROR_WANT_WRITE) return out;
    bool const clean = want == SSL_ERROR_ZERO_RETURN && impl_->handshake.peer_alert < 0;
    out.end = clean ? End::closed : End::broken;
    if (!clean) out.why = impl_->why(want, number);
    return out;
  }
  if (out.bytes.size() >= kMostHeard) out.end = End::enough;
  return out;
}

std::vector<Certificate> const& Probe::server_chain() const { return impl_->chain; }

std::string Probe::alpn() const {
  unsigned char const* name = nullptr;
  unsigned int size = 0;
  if (impl_->ssl) SSL_get0_alpn_selected(impl_->ssl.get(), &name, &size);
  return name == nullptr ? std::string() : text_of(name, size);
}

std::string Probe::version() const {
  return impl_->ssl ? SSL_get_version(impl_->ssl.get()) : std::string();
}

std::string Probe::cipher() const {
  return impl_->ssl ? SSL_get_cipher_name(impl_->ssl.get()) : std::string();
}

}  // namespace aw::tls

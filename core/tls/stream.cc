// SPDX-License-Identifier: Apache-2.0
#include "core/tls/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/address.hpp>
#include <cerrno>

#include "core/tls/library.h"
#include "core/tls/openssl.h"

namespace aw::tls {

using boost::asio::socket_base;

struct Stream::Impl {
  explicit Impl(Socket connected) : socket(std::move(connected)) {}

  Socket socket;
  std::shared_ptr<const Context> context;  // shared with all of an identity's connections
  Handshake handshake;                     // before ssl: ssl points to it
  SslPtr ssl;                              // null without TLS
  bool done = false;                       // the handshake is over
  bool received = false;                   // at least one byte of data came
  bool broken = false;                     // a fatal TLS error: nothing more may be sent
  bool cancelled = false;
  bool read_wants_write = false;

  int shake();
  io::Task<Result<void>> wait(socket_base::wait_type direction);
  [[nodiscard]] Result<void> woken(boost::system::error_code const& error) const;
  io::Task<Result<void>> wait_for(int want);
  Error failure(int want, int number, Code code, std::string_view doing);
  Error handshake_failure(int want, int number);
  Error read_failure(int want, int number);
  Error write_failure(int want, int number);
  Result<std::optional<std::size_t>> read_tls(std::span<char> into);
  Result<std::optional<std::size_t>> read_plain(std::span<char> into);
  Result<std::optional<std::size_t>> write_tls(std::string_view from, int& want);
  Result<std::optional<std::size_t>> write_plain(std::string_view from);
};

// What the socket calls when it is ready: whoever waits goes on with a Result.
template <class Waiter>
struct Woken {
  Waiter waiter;
  Stream::Impl const* stream;

  void operator()(boost::system::error_code const& error) {
    std::move(waiter)(stream->woken(error));
  }
};

}  // namespace aw::tls

// It is on the waiter's loop, and cancelled with it.
template <template <class, class> class Associator, class Waiter, class Default>
struct boost::asio::associator<Associator, aw::tls::Woken<Waiter>, Default>
    : Associator<Waiter, Default> {
  static auto get(aw::tls::Woken<Waiter> const& woken) noexcept {
    return Associator<Waiter, Default>::get(woken.waiter);
  }
  static auto get(aw::tls::Woken<Waiter> const& woken, Default const& otherwise) noexcept {
    return Associator<Waiter, Default>::get(woken.waiter, otherwise);
  }
};

namespace aw::tls {

namespace {

Error interrupted() { return make_error(Code::interrupted, "the connection was given up"); }

bool would_block(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

bool is_address(std::string const& name) {
  boost::system::error_code error;
  boost::asio::ip::make_address(name, error);
  return !error;
}

io::Task<Result<void>> at_once(Result<void> result) { co_return result; }

bool waits(int want) { return want == SSL_ERROR_WANT_READ || want == SSL_ERROR_WANT_WRITE; }

}  // namespace

Result<void> Stream::Impl::woken(boost::system::error_code const& error) const {
  if (cancelled || error == boost::asio::error::operation_aborted) return interrupted();
  if (error) return errno_error(Code::io, "wait for the connection", error.value());
  return {};
}

// No coroutine: an idle connection holds a frame for each that waits.
io::Task<Result<void>> Stream::Impl::wait(socket_base::wait_type direction) {
  if (cancelled) return at_once(interrupted());
  return boost::asio::async_initiate<boost::asio::use_awaitable_t<> const, void(Result<void>)>(
      [this, direction](auto waiter) {
        socket.async_wait(direction, Woken<decltype(waiter)>{std::move(waiter), this});
      },
      boost::asio::use_awaitable);
}

io::Task<Result<void>> Stream::Impl::wait_for(int want) {
  return wait(want == SSL_ERROR_WANT_WRITE ? socket_base::wait_write : socket_base::wait_read);
}

int Stream::Impl::shake() {
  KeysUnread const until_they_are_needed;
  clear_errors();
  return SSL_do_handshake(ssl.get());
}

Error Stream::Impl::failure(int want, int number, Code code, std::string_view doing) {
  broken = want == SSL_ERROR_SSL || want == SSL_ERROR_SYSCALL || broken;
  if (handshake.peer_alert >= 0) {
    clear_errors();
    return make_error(code, std::string(doing) + ": the peer refused: " +
                                SSL_alert_desc_string_long(handshake.peer_alert));
  }
  if (want == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) {
    if (number == 0) return make_error(code, std::string(doing) + ": the peer closed");
    return errno_error(code, doing, number);
  }
  return library_error(code, doing);
}

Error Stream::Impl::handshake_failure(int want, int number) {
  bool const nobody = context->role() == Role::server && handshake.peer_chain.empty() &&
                      !handshake.refused &&
                      ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
  Error error = failure(want, number, Code::handshake_failed, "TLS handshake");
  if (handshake.refused) return *handshake.refused;
  if (nobody) {
    handshake.refused = make_error(Code::no_client_certificate, "the client sent no certificate",
                                   "call with an X.509-SVID; `agentweave ping` does");
    return *handshake.refused;
  }
  long const result = SSL_get_verify_result(ssl.get());
  if (context->impl().endpoint->web && result != X509_V_OK) {
    handshake.refused =
        make_error(Code::peer_unverified,
                   std::string("server certificate: ") + X509_verify_cert_error_string(result));
    return *handshake.refused;
  }
  return error;
}

Error Stream::Impl::read_failure(int want, int number) {
  // RFC 8446 §4.4.2.4, §6.2: a TLS 1.3 client is ready before the server has judged its
  // certificate.
  bool const late_refusal =
      context->role() == Role::client && !received && handshake.peer_alert >= 0;
  return failure(want, number, late_refusal ? Code::handshake_failed : Code::io, "read");
}

Error Stream::Impl::write_failure(int want, int number) {
  Error error = failure(want, number, Code::io, "write");
  if (context->role() == Role::server || received || handshake.peer_alert >= 0) return error;
  // The reason may stand in the socket as an alert that nobody has read yet.
  std::array<char, 1> unused{};
  clear_errors();
  static_cast<void>(SSL_peek(ssl.get(), unused.data(), 1));  // only for the alert it may meet
  clear_errors();
  if (handshake.peer_alert < 0) return error;
  return failure(want, number, Code::handshake_failed, "write");
}

Result<std::optional<std::size_t>> Stream::Impl::read_tls(std::span<char> into) {
  clear_errors();
  std::size_t got = 0;
  if (SSL_read_ex(ssl.get(), into.data(), into.size(), &got) == 1) {
    received = true;
    return std::optional(got);
  }
  int const number = errno;
  int const want = SSL_get_error(ssl.get(), 0);
  // A fatal alert that `readable` has met already looks like a clean end from here on.
  if (want == SSL_ERROR_ZERO_RETURN && handshake.peer_alert < 0) {
    return std::optional<std::size_t>(0);
  }
  if (!waits(want)) return read_failure(want, number);
  read_wants_write = want == SSL_ERROR_WANT_WRITE;
  return std::optional<std::size_t>();
}

Result<std::optional<std::size_t>> Stream::Impl::read_plain(std::span<char> into) {
  ssize_t const got = ::recv(socket.native_handle(), into.data(), into.size(), 0);
  if (got >= 0) return std::optional(static_cast<std::size_t>(got));
  if (would_block(errno)) return std::optional<std::size_t>();
  return errno_error(Code::io, "read", errno);
}

Result<std::optional<std::size_t>> Stream::Impl::write_tls(std::string_view from, int& want) {
  clear_errors();
  std::size_t sent = 0;
  if (SSL_write_ex(ssl.get(), from.data(), from.size(), &sent) == 1) return std::optional(sent);
  int const number = errno;
  want = SSL_get_error(ssl.get(), 0);
  if (!waits(want)) return write_failure(want, number);
  return std::optional<std::size_t>();
}

Result<std::optional<std::size_t>> Stream::Impl::write_plain(std::string_view from) {
  ssize_t const sent = ::send(socket.native_handle(), from.data(), from.size(), MSG_NOSIGNAL);
  if (sent >= 0) return std::optional(static_cast<std::size_t>(sent));
  if (would_block(errno)) return std::optional<std::size_t>();
  return errno_error(Code::io, "write", errno);
}

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::~Stream() { close(); }

Result<std::unique_ptr<Stream>> Stream::open(Socket socket, std::shared_ptr<const Context> context,
                                             std::string const& server_name) {
  auto impl = std::make_unique<Impl>(std::move(socket));
  boost::system::error_code error;
  impl->socket.native_non_blocking(true, error);
  if (error) return errno_error(Code::io, "make the connection non-blocking", error.value());
  Endpoint const& endpoint = *context->impl().endpoint;
  impl->ssl.reset(SSL_new(endpoint.context.get()));
  BIO* bio = impl->ssl == nullptr ? nullptr : new_socket_bio(impl->socket.native_handle());
  if (bio == nullptr) return library_error(Code::tls_setup, "begin TLS");
  SSL* ssl = impl->ssl.get();
  SSL_set_bio(ssl, bio, bio);
  impl->context = std::move(context);
  impl->handshake.verify = &impl->context->impl().verify;
  impl->handshake.known = &endpoint.known;
  attach(ssl, &impl->handshake);
  if (endpoint.role == Role::server) {
    SSL_set_accept_state(ssl);
    return std::make_unique<Stream>(std::move(impl));
  }
  SSL_set_connect_state(ssl);
  if (endpoint.web && impl->context->impl().verify) {
    return make_error(Code::tls_setup, "a web client asks no check of its own");
  }
  if (endpoint.web && server_name.empty()) {
    return make_error(Code::tls_setup, "a web client must know the server's name");
  }
  // RFC 6066 §3: an address is no name to ask for.
  if (!server_name.empty() && !is_address(server_name) &&
      SSL_set_tlsext_host_name(ssl, server_name.c_str()) != 1) {
    return library_error(Code::tls_setup, "set the server's name");
  }
  if (endpoint.web && SSL_set1_host(ssl, server_name.c_str()) != 1) {
    return library_error(Code::tls_setup, "expect the server's name");
  }
  return std::make_unique<Stream>(std::move(impl));
}

std::unique_ptr<Stream> Stream::plaintext(Socket socket) {
  auto impl = std::make_unique<Impl>(std::move(socket));
  boost::system::error_code ignored;  // a socket that refuses this fails at its first read
  impl->socket.native_non_blocking(true, ignored);
  return std::make_unique<Stream>(std::move(impl));
}

io::Task<Result<void>> Stream::handshake() {
  Impl& self = *impl_;
  while (self.ssl != nullptr && !self.done) {
    if (self.cancelled) co_return interrupted();
    int const answer = self.shake();
    int const number = errno;
    if (answer == 1) {
      self.done = true;
      break;
    }
    int const want = SSL_get_error(self.ssl.get(), answer);
    if (!waits(want)) co_return self.handshake_failure(want, number);
    AW_CO_TRY(co_await self.wait_for(want));
  }
  co_return Result<void>{};
}

Result<std::optional<std::size_t>> Stream::try_read(std::span<char> into) {
  if (impl_->cancelled) return interrupted();
  return impl_->ssl != nullptr ? impl_->read_tls(into) : impl_->read_plain(into);
}

io::Task<Result<void>> Stream::readable() {
  Impl& self = *impl_;
  // Bytes that already left the socket wake nobody: look for a whole record among them first.
  if (self.ssl != nullptr && SSL_has_pending(self.ssl.get()) == 1) {
    std::array<char, 1> unused{};
    clear_errors();
    if (SSL_peek(self.ssl.get(), unused.data(), 1) > 0) return at_once({});
    int const want = SSL_get_error(self.ssl.get(), 0);
    clear_errors();
    if (!waits(want)) return at_once({});  // the next try_read says what it is
    self.read_wants_write = want == SSL_ERROR_WANT_WRITE;
  }
  return self.wait(self.read_wants_write ? socket_base::wait_write : socket_base::wait_read);
}

io::Task<Result<std::size_t>> Stream::read_some(std::span<char> into) {
  if (into.empty()) co_return make_error(Code::internal, "read into nothing");
  for (;;) {
    AW_CO_TRY(auto const got, try_read(into));
    if (got) co_return *got;
    AW_CO_TRY(co_await impl_->wait(impl_->read_wants_write ? socket_base::wait_write
                                                           : socket_base::wait_read));
  }
}

Result<std::size_t> Stream::try_write(std::string_view bytes) {
  Impl& self = *impl_;
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (self.cancelled) return interrupted();
    int want = SSL_ERROR_WANT_WRITE;
    auto const rest = bytes.substr(done);
    AW_TRY(auto const sent,
           self.ssl != nullptr ? self.write_tls(rest, want) : self.write_plain(rest));
    if (!sent) break;
    done += *sent;
  }
  return done;
}

io::Task<Result<void>> Stream::write_all(std::string_view bytes) {
  Impl& self = *impl_;
  while (!bytes.empty()) {
    if (self.cancelled) co_return interrupted();
    int want = SSL_ERROR_WANT_WRITE;
    AW_CO_TRY(auto const sent,
              self.ssl != nullptr ? self.write_tls(bytes, want) : self.write_plain(bytes));
    if (sent) {
      bytes.remove_prefix(*sent);
      continue;
    }
    AW_CO_TRY(co_await self.wait_for(want));
  }
  co_return Result<void>{};
}

void Stream::shutdown() {
  if (impl_->ssl != nullptr && impl_->done && !impl_->broken) {
    clear_errors();
    static_cast<void>(SSL_shutdown(impl_->ssl.get()));  // best effort: the peer may be gone
    clear_errors();
  }
  boost::system::error_code ignored;  // not connected any more is what was wanted
  impl_->socket.shutdown(socket_base::shutdown_send, ignored);
}

void Stream::cancel() {
  impl_->cancelled = true;
  boost::system::error_code ignored;  // nothing was waiting
  impl_->socket.cancel(ignored);
}

void Stream::close() {
  if (impl_ == nullptr) return;
  impl_->cancelled = true;
  boost::system::error_code ignored;  // closed already
  impl_->socket.close(ignored);
}

bool Stream::secure() const { return impl_->ssl != nullptr; }

bool Stream::pending() const {
  return impl_->ssl != nullptr && SSL_has_pending(impl_->ssl.get()) == 1;
}

std::string Stream::alpn() const {
  if (!secure()) return {};
  unsigned char const* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(impl_->ssl.get(), &name, &size);
  return name == nullptr ? std::string{} : text_of(name, size);
}

std::vector<Certificate> const& Stream::peer_chain() const { return impl_->handshake.peer_chain; }

std::string Stream::version() const {
  return secure() ? std::string(SSL_get_version(impl_->ssl.get())) : std::string{};
}

std::string Stream::cipher() const {
  return secure() ? std::string(SSL_get_cipher_name(impl_->ssl.get())) : std::string{};
}

std::string Stream::group() const {
  if (!secure() || !impl_->done) return {};
  int const number = static_cast<int>(SSL_get_negotiated_group(impl_->ssl.get()));
  switch (number) {
    case NID_X25519:
      return "X25519";
    case NID_X9_62_prime256v1:
      return "P-256";
    case NID_secp384r1:
      return "P-384";
    default:
      break;
  }
  char const* name = OBJ_nid2sn(number);
  return name == nullptr ? std::string{} : name;
}

Error const* Stream::verify_error() const {
  return impl_->handshake.refused ? &*impl_->handshake.refused : nullptr;
}

Socket& Stream::socket() { return impl_->socket; }

}  // namespace aw::tls

// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/weak_listener.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/identity/peer.h"
#include "core/identity/svid.h"

namespace aw::testing {
namespace {

using Chain = std::vector<tls::Certificate>;
constexpr std::string_view kCard = "/.well-known/agent-card.json";

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
struct SslCtxFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

std::string simple(int status, std::string const& body = "") {
  return "HTTP/1.1 " + std::to_string(status) +
         " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The value of a header line; empty when there is none. `name` in lower case.
std::string header(std::string_view head, std::string const& name) {
  auto const lower = text::lower(head);
  auto const at = lower.find("\n" + name + ":");
  if (at == std::string::npos) return {};
  auto const begin = at + name.size() + 2;
  return std::string(text::trim(head.substr(begin, head.find('\n', begin) - begin)));
}

bool has_bare_lf(std::string_view head) {
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1))
    if (at == 0 || head[at - 1] != '\r') return true;
  return false;
}

// What a strict reader refuses in a head, by the weakness that lets it through.
struct HeadRule {
  Weakness weakness;
  int status;
  bool (*broken)(std::string_view head);
};

constexpr HeadRule kHeadRules[] = {
    {Weakness::large_head, 431,
     [](std::string_view head) { return head.size() > WeakListener::kMaxHead; }},
    {Weakness::many_headers, 431, [](std::string_view head) { return count_of(head, "\n") > 100; }},
    {Weakness::nul, 400,
     [](std::string_view head) { return has(head, std::string_view("\0", 1)); }},
    {Weakness::bare_lf, 400, has_bare_lf},
    {Weakness::folding, 400, [](std::string_view head) { return has(head, "\n "); }},
    {Weakness::blank_before_colon, 400, [](std::string_view head) { return has(head, " :"); }},
    {Weakness::signed_length, 400, [](std::string_view head) { return has(head, "Length: +"); }},
    {Weakness::two_lengths, 400,
     [](std::string_view head) { return count_of(head, "Content-Length") > 1; }},
    {Weakness::chunked_twice, 400,
     [](std::string_view head) { return count_of(head, "Transfer-Encoding") > 1; }},
    {Weakness::length_and_chunked, 400,
     [](std::string_view head) {
       return has(head, "Content-Length") && has(head, "Transfer-Encoding");
     }},
    {Weakness::no_host, 400, [](std::string_view head) { return count_of(head, "Host:") == 0; }},
    {Weakness::two_hosts, 400, [](std::string_view head) { return count_of(head, "Host:") > 1; }},
};

// --- HTTP/2, as far as the attacks' own frames go

struct Field {
  std::string name;
  std::string value;
};

std::vector<Field> parse_block(std::string_view block, bool& broken) {
  std::vector<Field> out;
  auto const take = [&]() -> std::string {
    auto const size = static_cast<unsigned char>(block.empty() ? '\xff' : block.front());
    if (size > 127 || block.size() < size + 1U) {
      broken = true;
      block = {};
      return {};
    }
    auto part = std::string(block.substr(1, size));
    block.remove_prefix(size + 1U);
    return part;
  };
  while (!block.empty() && !broken) {
    broken = block.front() != '\0';
    block.remove_prefix(1);
    Field one;
    if (!broken) one.name = take();
    if (!broken) one.value = take();
    if (!broken) out.push_back(std::move(one));
  }
  return out;
}

struct Asked {
  std::vector<Field> fields;
  bool bad_block = false;
  std::uint32_t stream = 0;
  std::size_t data = 0;
  bool data_on_zero = false;

  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count(fields, name, &Field::name));
  }
};

bool upper(Field const& field) {
  return std::ranges::any_of(field.name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

struct H2Rule {
  Weakness weakness;
  bool (*broken)(Asked const& asked);
};

constexpr H2Rule kH2Rules[] = {
    {Weakness::h2_transfer_encoding,
     [](Asked const& a) { return a.count("transfer-encoding") > 0; }},
    {Weakness::h2_connection, [](Asked const& a) { return a.count("connection") > 0; }},
    {Weakness::h2_upper_case, [](Asked const& a) { return std::ranges::any_of(a.fields, upper); }},
    {Weakness::h2_value_bytes,
     [](Asked const& a) {
       return std::ranges::any_of(a.fields, [](Field const& f) { return has(f.value, "\r\n"); });
     }},
    {Weakness::h2_pseudo_order,
     [](Asked const& a) { return !a.fields.empty() && !a.fields.front().name.starts_with(':'); }},
    {Weakness::h2_two_paths, [](Asked const& a) { return a.count(":path") > 1; }},
    {Weakness::h2_no_method,
     [](Asked const& a) { return !a.bad_block && !a.data_on_zero && a.count(":method") == 0; }},
    {Weakness::h2_unknown_pseudo, [](Asked const& a) { return a.count(":proof") > 0; }},
    {Weakness::h2_length,
     [](Asked const& a) { return a.count("content-length") > 0 && a.data != 99; }},
    {Weakness::h2_even_stream, [](Asked const& a) { return a.stream % 2 == 0 && !a.data_on_zero; }},
    {Weakness::h2_data_on_zero, [](Asked const& a) { return a.data_on_zero; }},
    {Weakness::h2_bad_block, [](Asked const& a) { return a.bad_block; }},
};

Asked parse_frames(std::string_view bytes) {
  Asked out;
  while (bytes.size() >= 9) {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    std::size_t const size = (std::size_t{at(0)} << 16U) | (std::size_t{at(1)} << 8U) | at(2);
    auto const payload = bytes.substr(9, size);
    if (at(3) == 1) {
      out.stream = at(8);
      out.fields = parse_block(payload, out.bad_block);
    }
    if (at(3) == 0) {
      out.data += size;
      out.data_on_zero = at(8) == 0;
    }
    bytes.remove_prefix(std::min(bytes.size(), 9 + size));
  }
  return out;
}

}  // namespace

struct WeakListener::Impl {
  std::shared_ptr<const identity::Snapshot> snapshot;
  Weakness weakness;
  SystemClock clock;
  Fd listener;
  std::uint16_t port = 0;
  std::unique_ptr<SSL_CTX, SslCtxFree> context;
  std::set<std::string> nonces;
  std::jthread thread;  // last: joined first

  [[nodiscard]] bool weak(Weakness one) const { return weakness == one; }
  [[nodiscard]] bool strict(Weakness one) const { return weakness != one; }
  void make_context();
  void listen();
  void run(std::stop_token const& stop);
  void serve(Fd connection);
  [[nodiscard]] bool accepts(Chain const& sent) const;
  [[nodiscard]] std::string answer_http(SSL* ssl, std::string bytes);
  [[nodiscard]] std::string answer_body(SSL* ssl, std::string_view head, std::string body);
  [[nodiscard]] std::string route(std::string_view head, std::string const& body, SSL* ssl);
  [[nodiscard]] std::string task(std::string_view head, std::string const& body, SSL* ssl);
  [[nodiscard]] int replay(std::string_view head);
  [[nodiscard]] std::string answer_frames(std::string_view bytes) const;
};

namespace {

int verify_with(X509_STORE_CTX* store, void* argument) {
  auto const& accepts = *static_cast<std::function<bool(Chain const&)>*>(argument);
  Chain sent;
  STACK_OF(X509) const* certificates = X509_STORE_CTX_get0_untrusted(store);
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    unsigned char* der = nullptr;
    int const size = i2d_X509(sk_X509_value(certificates, i), &der);
    auto parsed = tls::Certificate::parse_der(
        {reinterpret_cast<char const*>(der), static_cast<std::size_t>(std::max(size, 0))});
    OPENSSL_free(der);
    if (!parsed.ok()) return 0;
    sent.push_back(*std::move(parsed));
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  if (accepts(sent)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

int select_known(SSL* /*ssl*/, unsigned char const** out, unsigned char* size,
                 unsigned char const* offered, unsigned int offered_size, void* weak) {
  static constexpr unsigned char kOurs[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kOurs, sizeof(kOurs) - 1, offered, offered_size) ==
      OPENSSL_NPN_NEGOTIATED) {
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
  }
  return weak != nullptr ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// More of what the client says; empty at its end.
std::string read_more(SSL* ssl) {
  char buffer[16384];
  int const got = SSL_read(ssl, buffer, sizeof(buffer));
  return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
}

}  // namespace

bool WeakListener::Impl::accepts(Chain const& sent) const {
  auto const own = snapshot->svid().id.trust_domain();
  auto const now = clock.now();
  auto bundles = snapshot->bundles;
  std::set<identity::TrustDomain> allowed{own};
  auto when = now;
  auto const& leaf = sent.front();
  if (weak(Weakness::expired) && leaf.not_after() < now)
    when = leaf.not_after() - std::chrono::seconds(1);
  if (weak(Weakness::not_yet_valid) && leaf.not_before() > now)
    when = leaf.not_before() + std::chrono::seconds(1);
  if (weak(Weakness::foreign_domain)) {
    auto const foreign = identity::TrustDomain::parse("foreign.invalid").value();
    auto const authorities = bundles.at(own).x509_authorities();
    bundles.emplace(foreign, identity::Bundle::make(
                                 foreign, {.x509_authorities = authorities, .jwt_authorities = {}})
                                 .value());
    allowed.insert(foreign);
  }
  auto const& store = bundles.at(own).store();
  auto const chained = store.verify(leaf, std::span(sent).subspan(1), now).ok();
  if (weak(Weakness::two_uris) && leaf.uri_sans().size() == 2) return chained;
  if (weak(Weakness::no_spiffe_id) && leaf.uri_sans().empty()) return chained;
  if (weak(Weakness::authority_as_leaf) && leaf.is_ca()) return chained;
  auto const id = identity::check_leaf(leaf);
  bool const valid = leaf.not_before() <= now && now <= leaf.not_after();
  bool const ours = id.ok() && id->trust_domain() == own;
  if (weak(Weakness::any_authority) && ours && valid) return true;
  if (weak(Weakness::foreign_authority) && id.ok() && !ours && valid && sent.size() == 2)
    return true;
  if (weak(Weakness::leaf_signs) && sent.size() > 1 && !sent[1].is_ca())
    return identity::verify_peer(std::span(sent).subspan(1), bundles, allowed, now).ok();
  return identity::verify_peer(sent, bundles, allowed, when).ok();
}

void WeakListener::Impl::make_context() {
  context.reset(SSL_CTX_new(TLS_server_method()));
  int const least = weak(Weakness::old_tls) ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(context.get(), least);
  auto const& svid = snapshot->svid();
  auto const der = svid.leaf().der();
  auto const key = svid.key.pkcs8_der().value();
  auto const bytes = [](std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
  };
  SSL_CTX_use_certificate_ASN1(context.get(), static_cast<int>(der.size()), bytes(der));
  SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, context.get(), bytes(key.reveal()),
                              static_cast<long>(key.reveal().size()));
  int const demand = weak(Weakness::no_certificate) ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | demand, nullptr);
  SSL_CTX_set_alpn_select_cb(context.get(), select_known,
                             weak(Weakness::any_alpn) ? this : nullptr);
}

void WeakListener::Impl::listen() {
  listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), where, size) != 0 || ::listen(listener.get(), 64) != 0 ||
      ::getsockname(listener.get(), where, &size) != 0)
    throw std::runtime_error("weak listener: cannot listen");
  port = ntohs(address.sin_port);
}

void WeakListener::Impl::run(std::stop_token const& stop) {
  // The attackers hang up in the middle, and OpenSSL writes as if nobody did.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (!stop.stop_requested()) {
    pollfd one{.fd = listener.get(), .events = POLLIN, .revents = 0};
    if (::poll(&one, 1, 20) <= 0) continue;
    Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    timeval const patience{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connection.open()) serve(std::move(connection));
  }
}

void WeakListener::Impl::serve(Fd connection) {
  char first = 0;
  if (::recv(connection.get(), &first, 1, MSG_PEEK) != 1) return;
  if (first != '\x16') {
    auto const welcome = simple(200, "{}");
    if (weak(Weakness::plaintext))
      ::send(connection.get(), welcome.data(), welcome.size(), MSG_NOSIGNAL);
    return;
  }
  std::function<bool(Chain const&)> check = [this](Chain const& sent) { return accepts(sent); };
  SSL_CTX_set_cert_verify_callback(context.get(), verify_with, &check);
  std::unique_ptr<SSL, SslFree> const ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), connection.get());
  if (SSL_accept(ssl.get()) != 1) return;
  auto bytes = read_more(ssl.get());
  auto const answer =
      bytes.starts_with("PRI ") ? answer_frames(bytes) : answer_http(ssl.get(), std::move(bytes));
  SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
  SSL_shutdown(ssl.get());
  // What the client still says is taken, so that closing resets nothing it has yet to read.
  ::shutdown(connection.get(), SHUT_WR);
  for (int i = 0; i < 1000 && !read_more(ssl.get()).empty(); ++i) {
  }
}

std::string WeakListener::Impl::answer_http(SSL* ssl, std::string bytes) {
  auto const ends = [&] {
    auto const crlf = bytes.find("\r\n\r\n");
    auto const lf = bytes.find("\n\n");
    if (crlf == std::string::npos && lf == std::string::npos) return std::string::npos;
    return crlf < lf ? crlf + 4 : lf + 2;
  };
  while (ends() == std::string::npos && bytes.size() < 4 * kMaxHead) {
    auto more = read_more(ssl);
    if (more.empty()) return {};
    bytes += more;
  }
  auto const end = std::min(ends(), bytes.size());
  std::string const head = bytes.substr(0, end);
  for (auto const& rule : kHeadRules)
    if (strict(rule.weakness) && rule.broken(head)) return simple(rule.status);
  return answer_body(ssl, head, bytes.substr(end));
}

std::string WeakListener::Impl::answer_body(SSL* ssl, std::string_view head, std::string body) {
  bool const chunked = has(head, "Transfer-Encoding: chunked");
  bool const bad_size = body.starts_with("-1") || body.starts_with("10000000000000000");
  if (chunked && bad_size && strict(Weakness::bad_chunk_size)) return simple(400);
  auto const length = header(head, "content-length");
  std::size_t const want = chunked || length.empty() || has(length, "+") ? 0 : std::stoull(length);
  bool const may = weak(Weakness::large_body);
  if (want > kMaxBody && !may) return simple(413);
  auto const whole = [&] {
    return chunked ? bad_size || body.ends_with("0\r\n\r\n") || has(body, "0\r\n\r\nGET")
                   : body.size() >= want;
  };
  while (!whole() && (may || body.size() <= kMaxBody)) {
    auto more = read_more(ssl);
    if (more.empty()) return {};
    body += more;
  }
  if (body.size() > kMaxBody && !may) return simple(413);
  return route(head, body, ssl);
}

std::string WeakListener::Impl::route(std::string_view head, std::string const& body, SSL* ssl) {
  auto const method = head.substr(0, head.find(' '));
  auto const target =
      head.substr(method.size() + 1, head.find(' ', method.size() + 1) - method.size() - 1);
  if (method == "GET" && (target == kCard || weak(Weakness::any_route))) return simple(200, "{}");
  if (method == "POST" && target == "/a2a/v1/tasks") return task(head, body, ssl);
  if (method == "TRACE") return simple(weak(Weakness::trace) ? 200 : 405);
  if (method == "CONNECT") return simple(weak(Weakness::connect) ? 200 : 405);
  if (target == kCard) return simple(weak(Weakness::any_method) ? 200 : 405);
  return simple(404);
}

int WeakListener::Impl::replay(std::string_view head) {
  auto const nonce = header(head, "x-agentweave-nonce");
  if (nonce.empty()) return 0;
  if (nonce.size() < 22 && strict(Weakness::short_nonce)) return 400;
  auto const time = parse_rfc3339(header(head, "x-agentweave-timestamp"));
  if (!time) return 400;
  constexpr std::chrono::minutes kWindow{5};
  if (clock.now() - *time > kWindow && strict(Weakness::old_time)) return 409;
  if (*time - clock.now() > kWindow && strict(Weakness::future_time)) return 409;
  bool const fresh = nonces.insert(nonce).second;
  return fresh || weak(Weakness::replayed) ? 0 : 409;
}

std::string WeakListener::Impl::task(std::string_view head, std::string const& body, SSL* ssl) {
  if (int const refused = replay(head); refused != 0) return simple(refused);
  if (!has(body, std::string(R"("task_type":")") + kEcho + '"')) return simple(404);
  std::string caller;
  if (X509* const shown = SSL_get1_peer_certificate(ssl)) {
    unsigned char* der = nullptr;
    int const size = i2d_X509(shown, &der);
    auto const parsed = tls::Certificate::parse_der(
        {reinterpret_cast<char const*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    X509_free(shown);
    if (parsed.ok() && !parsed->uri_sans().empty()) caller = parsed->uri_sans().front();
  }
  std::string told = "caller: " + caller + "\n";
  if (weak(Weakness::trusts_caller)) told += header(head, "x-agentweave-caller") + "\n";
  if (weak(Weakness::trusts_client_cert)) told += header(head, "x-forwarded-client-cert") + "\n";
  return simple(200, told);
}

std::string WeakListener::Impl::answer_frames(std::string_view bytes) const {
  constexpr std::size_t kPreface = 24;
  auto const asked = parse_frames(bytes.substr(std::min(bytes.size(), kPreface)));
  for (auto const& rule : kH2Rules)
    if (strict(rule.weakness) && rule.broken(asked))
      return std::string("\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01", 17);  // GOAWAY
  return std::string("\0\0\1\1\5\0\0\0\1\x88", 10);                        // HEADERS: 200, the end
}

WeakListener::WeakListener(std::shared_ptr<const identity::Snapshot> snapshot, Weakness weakness)
    : impl_(std::make_unique<Impl>()) {
  impl_->snapshot = std::move(snapshot);
  impl_->weakness = weakness;
  impl_->make_context();
  impl_->listen();
  impl_->thread = std::jthread([this](std::stop_token const& stop) { impl_->run(stop); });
}

WeakListener::~WeakListener() = default;

std::uint16_t WeakListener::port() const { return impl_->port; }

}  // namespace aw::testing

// SPDX-License-Identifier: Apache-2.0
// Our server against a client that is not ours: plain OpenSSL with settings of its own.
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include "core/tls/stream.h"
#include "tests/fixtures/pki.h"
#include "tests/fixtures/tls_pair.h"

using namespace aw;
using namespace aw::fixtures;

namespace {

struct Foreign {
  bool connected = false;
  std::string version;
  std::string cipher;
  int tickets = 0;
  bool renegotiated = false;
  bool early_data = false;
  std::string answer;
};

template <class T, void (*Free)(T*)>
struct Held {
  explicit Held(T* made) : it(made) {}
  ~Held() { Free(it); }
  Held(Held const&) = delete;
  Held& operator=(Held const&) = delete;
  T* it;
};

int count_ticket(SSL* ssl, SSL_SESSION* /*session*/) {
  ++static_cast<Foreign*>(SSL_get_ex_data(ssl, 0))->tickets;
  return 0;
}

void use(SSL_CTX* context, Identity const& identity) {
  std::string const pem(must(identity.key.pem()).reveal());
  Held<BIO, BIO_free_all> const key_text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Held<EVP_PKEY, EVP_PKEY_free> const key(
      PEM_read_bio_PrivateKey(key_text.it, nullptr, nullptr, nullptr));
  std::string const der = identity.chain[0].der();
  SSL_CTX_use_certificate_ASN1(context, static_cast<int>(der.size()),
                               reinterpret_cast<unsigned char const*>(der.data()));
  SSL_CTX_use_PrivateKey(context, key.it);
}

// Connects, writes "hi", reads an answer; blocking, on its own thread.
Foreign connect(int fd, std::optional<Identity> const& identity,
                std::function<void(SSL_CTX*)> const& change) {
  sigset_t pipe;  // OpenSSL's own socket writes raise it, on the writing thread
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  Foreign out;
  Held<SSL_CTX, SSL_CTX_free> const context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_session_cache_mode(context.it, SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(context.it, count_ticket);
  if (identity) use(context.it, *identity);
  change(context.it);
  {
    Held<SSL, SSL_free> const ssl(SSL_new(context.it));
    SSL_set_ex_data(ssl.it, 0, &out);
    SSL_set_fd(ssl.it, fd);
    out.connected = SSL_connect(ssl.it) == 1;
    out.version = SSL_get_version(ssl.it);
    out.cipher = out.connected ? SSL_get_cipher_name(ssl.it) : "";
    if (out.connected && SSL_version(ssl.it) == TLS1_2_VERSION) {
      out.renegotiated = SSL_renegotiate(ssl.it) == 1 && SSL_do_handshake(ssl.it) == 1;
    }
    std::size_t sent = 0;
    char answer[16] = {};
    std::size_t got = 0;
    if (SSL_write_ex(ssl.it, "hi", 2, &sent) == 1 &&
        SSL_read_ex(ssl.it, answer, sizeof answer, &got) == 1) {
      out.answer.assign(answer, got);
    }
    SSL_SESSION const* session = SSL_get0_session(ssl.it);
    out.early_data = session != nullptr && SSL_SESSION_get_max_early_data(session) != 0;
  }
  ERR_clear_error();
  ::close(fd);
  return out;
}

io::Task<void> echo(tls::Stream& stream, std::optional<Result<void>>& into) {
  into = co_await stream.handshake();
  if (into->ok()) {
    std::array<char, 16> scratch{};
    auto const got = co_await stream.read_some(scratch);
    if (got.ok()) static_cast<void>(co_await stream.write_all("ho"));
  }
  stream.shutdown();
  stream.close();
}

struct Outcome {
  Foreign client;
  Result<void> server;
};

Outcome meet(tls::Version least, bool with_certificate,
             std::function<void(SSL_CTX*)> const& change) {
  Pki const pki;
  auto spec = context_spec(pki.leaf("spiffe://example.org/server"));
  spec.min_version = least;
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  boost::asio::io_context loop(1);
  auto stream = must(tls::Stream::open(
      tls::Socket(loop, boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[0]),
      must(tls::Context::server(std::move(spec)))));
  std::optional<Identity> identity;
  if (with_certificate) identity = pki.leaf("spiffe://example.org/client");
  std::optional<Result<void>> server;
  auto client = std::async(std::launch::async, connect, ends[1], std::cref(identity), change);
  boost::asio::co_spawn(loop, echo(*stream, server), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  loop.run();
  return {client.get(), std::move(*server)};
}

void at_most_1_2(SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); }

}  // namespace

TEST_CASE("a foreign TLS 1.3 client is served and gets no ticket") {
  auto const out = meet(tls::Version::tls1_3, true, [](SSL_CTX*) {});
  REQUIRE(out.server.ok());
  CHECK(out.client.answer == "ho");
  CHECK(out.client.version == "TLSv1.3");
  CHECK(out.client.tickets == 0);
  CHECK_FALSE(out.client.early_data);
}

TEST_CASE("TLS 1.2 is refused by default") {
  auto const out = meet(tls::Version::tls1_3, true, at_most_1_2);
  CHECK_FALSE(out.client.connected);
  REQUIRE_FALSE(out.server.ok());
  CHECK(out.server.error().code == Code::handshake_failed);
}

TEST_CASE("TLS 1.2 where it is asked for: AEAD, no ticket, no renegotiation") {
  auto const out = meet(tls::Version::tls1_2, true, at_most_1_2);
  CHECK(out.client.connected);
  CHECK(out.client.version == "TLSv1.2");
  CHECK(out.client.cipher == "ECDHE-ECDSA-AES256-GCM-SHA384");
  CHECK(out.client.tickets == 0);
  CHECK_FALSE(out.client.renegotiated);
}

TEST_CASE("TLS 1.2 without forward secrecy or AEAD is refused even where 1.2 is allowed") {
  for (char const* suite : {"ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"}) {
    auto const out = meet(tls::Version::tls1_2, true, [suite](SSL_CTX* context) {
      at_most_1_2(context);
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_cipher_list(context, suite);
    });
    CHECK_FALSE(out.client.connected);
  }
}

TEST_CASE("TLS 1.1 is refused everywhere") {
  auto const out = meet(tls::Version::tls1_2, true, [](SSL_CTX* context) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  });
  CHECK_FALSE(out.client.connected);
}

TEST_CASE("a client without a certificate gets nothing but an alert, in 1.3 and in 1.2") {
  for (auto const& change : {std::function<void(SSL_CTX*)>([](SSL_CTX*) {}),
                             std::function<void(SSL_CTX*)>(at_most_1_2)}) {
    auto const out = meet(tls::Version::tls1_2, false, change);
    CHECK(out.client.answer.empty());
    REQUIRE_FALSE(out.server.ok());
    CHECK(out.server.error().code == Code::no_client_certificate);
  }
}

TEST_CASE("every TLS 1.3 suite of the list is spoken") {
  for (char const* suite :
       {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    auto const out = meet(tls::Version::tls1_3, true,
                          [suite](SSL_CTX* context) { SSL_CTX_set_ciphersuites(context, suite); });
    CHECK(out.client.cipher == suite);
    CHECK(out.client.answer == "ho");
  }
}

TEST_CASE("what is no TLS at all is an error") {
  Pki const pki;
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  boost::asio::io_context loop(1);
  auto stream = must(tls::Stream::open(
      tls::Socket(loop, boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[0]),
      must(tls::Context::server(context_spec(pki.leaf("spiffe://example.org/server"))))));
  std::string const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(::write(ends[1], request.data(), request.size()) == static_cast<ssize_t>(request.size()));
  std::optional<Result<void>> server;
  boost::asio::co_spawn(loop, echo(*stream, server), [](std::exception_ptr) {});
  loop.run();
  ::close(ends[1]);
  REQUIRE_FALSE(server->ok());
  CHECK(server->error().code == Code::handshake_failed);
  CHECK(server->error().message.find("http request") != std::string::npos);
}

// SPDX-License-Identifier: Apache-2.0
#include "core/tls/stream.h"

#include <doctest/doctest.h>

#include <array>
#include <boost/asio/detached.hpp>
#include <string>
#include <thread>

#include "tests/fixtures/pki.h"
#include "tests/fixtures/tls_pair.h"

using namespace aw;
using namespace aw::fixtures;

namespace {

Pki const& stream_pki() {
  static Pki const one;
  return one;
}

auto server_context(tls::VerifyPeer verify = accept_anyone(), std::vector<std::string> alpn = {}) {
  return must(tls::Context::server(context_spec(stream_pki().leaf("spiffe://example.org/server"),
                                                std::move(verify), std::move(alpn))));
}
auto client_context(tls::VerifyPeer verify = accept_anyone(), std::vector<std::string> alpn = {}) {
  return must(tls::Context::client(context_spec(stream_pki().leaf("spiffe://example.org/client"),
                                                std::move(verify), std::move(alpn))));
}

tls::VerifyPeer refuse(Code code) {
  return [code](std::span<const tls::Certificate>) -> Result<void> {
    return make_error(code, "not you");
  };
}

io::Task<void> send(tls::Stream& stream, std::string bytes, Result<void>& into) {
  into = co_await stream.write_all(bytes);
}
io::Task<void> send_and_end(tls::Stream& stream, std::string bytes) {
  static_cast<void>(co_await stream.write_all(bytes));
  stream.shutdown();
}
io::Task<void> receive(tls::Stream& stream, std::string& into, std::optional<Error>& error) {
  std::array<char, 4096> scratch{};
  for (;;) {
    auto got = co_await stream.read_some(scratch);
    if (!got.ok()) {
      error = got.error();
      co_return;
    }
    if (*got == 0) co_return;
    into.append(scratch.data(), *got);
  }
}

// Reads without holding a buffer while it waits.
io::Task<void> receive_in_halves(tls::Stream& stream, std::string& into) {
  for (;;) {
    std::array<char, 100> scratch{};
    auto got = stream.try_read(scratch);
    if (!got.ok()) co_return;
    if (!*got) {
      if (!(co_await stream.readable()).ok()) co_return;
      continue;
    }
    if (**got == 0) co_return;
    into.append(scratch.data(), **got);
  }
}

}  // namespace

TEST_CASE("both sides shake hands with TLS 1.3 and see each other's chain") {
  TlsPair pair(server_context({accept_anyone()}, {"h2", "http/1.1"}),
               client_context({accept_anyone()}, {"http/1.1"}));
  pair.handshake();
  REQUIRE(pair.accepted());
  CHECK(pair.server().version() == "TLSv1.3");
  CHECK(pair.server().cipher() == "TLS_AES_256_GCM_SHA384");
  CHECK(pair.server().group() == "X25519");
  CHECK(pair.server().alpn() == "http/1.1");
  CHECK(pair.client().alpn() == "http/1.1");
  REQUIRE(pair.server().peer_chain().size() == 1);
  CHECK(pair.server().peer_chain()[0].uri_sans()[0] == "spiffe://example.org/client");
  CHECK(pair.client().peer_chain()[0].uri_sans()[0] == "spiffe://example.org/server");
  CHECK(pair.server().verify_error() == nullptr);
}

TEST_CASE("two megabytes arrive whole and a close is told from a cut") {
  TlsPair pair(server_context(), client_context());
  pair.handshake();
  std::string const sent(2U << 20U, 'x');
  std::string got;
  std::optional<Error> error;
  pair.spawn(send_and_end(pair.client(), sent));
  SUBCASE("with a buffer held while waiting") { pair.spawn(receive(pair.server(), got, error)); }
  SUBCASE("in two halves") { pair.spawn(receive_in_halves(pair.server(), got)); }
  pair.run();
  CHECK(got == sent);
  CHECK_FALSE(error.has_value());
}

TEST_CASE("a connection cut without close_notify is an error and no end of data") {
  TlsPair pair(server_context(), client_context());
  pair.handshake();
  pair.client().close();
  std::string got;
  std::optional<Error> error;
  pair.spawn(receive(pair.server(), got, error));
  pair.run();
  REQUIRE(error.has_value());
  CHECK(error->code == Code::io);
}

TEST_CASE("writing to a peer that is gone is an error and no signal") {
  TlsPair pair(server_context(), client_context());
  pair.handshake();
  pair.server().close();
  Result<void> result;
  pair.spawn(send(pair.client(), std::string(100'000, 'x'), result));
  pair.run();
  CHECK_FALSE(result.ok());
}

TEST_CASE("both directions flow at once") {
  TlsPair pair(server_context(), client_context());
  pair.handshake();
  std::string const sent(1U << 20U, 'y');
  std::string at_server;
  std::string at_client;
  pair.spawn(send_and_end(pair.client(), sent));
  pair.spawn(send_and_end(pair.server(), sent));
  pair.spawn(receive_in_halves(pair.server(), at_server));
  pair.spawn(receive_in_halves(pair.client(), at_client));
  pair.run();
  CHECK(at_server.size() == sent.size());
  CHECK(at_client.size() == sent.size());
}

TEST_CASE("the server's refusal is the error of its check, and the client reads an alert") {
  TlsPair pair(server_context(refuse(Code::trust_domain_not_allowed)), client_context());
  pair.handshake();
  REQUIRE_FALSE(pair.server_result().ok());
  CHECK(pair.server_result().error().code == Code::trust_domain_not_allowed);
  REQUIRE(pair.server().verify_error() != nullptr);
  CHECK(pair.server().verify_error()->message == "not you");

  REQUIRE(pair.client_result().ok());  // TLS 1.3: the client was ready first
  std::string got;
  std::optional<Error> error;
  pair.spawn(receive(pair.client(), got, error));
  pair.run();
  REQUIRE(error.has_value());
  CHECK(error->code == Code::handshake_failed);
  CHECK(error->message.find("handshake failure") != std::string::npos);
}

TEST_CASE("each kind of refusal has its own alert") {
  struct Row {
    Code code;
    std::string alert;
  };
  for (auto const& row :
       {Row{Code::svid_expired, "certificate expired"}, Row{Code::no_bundle, "unknown CA"},
        Row{Code::svid_malformed, "bad certificate"}}) {
    TlsPair pair(server_context(refuse(row.code)), client_context());
    pair.handshake();
    std::string got;
    std::optional<Error> error;
    pair.spawn(receive(pair.client(), got, error));
    pair.run();
    REQUIRE(error.has_value());
    INFO(error->message);
    CHECK(error->message.find(row.alert) != std::string::npos);
  }
}

TEST_CASE("a client that writes first still learns why it was refused") {
  TlsPair pair(server_context(refuse(Code::no_bundle)), client_context());
  pair.handshake();
  Result<void> result;
  pair.spawn(send(pair.client(), "GET / HTTP/1.1\r\n\r\n", result));
  pair.run();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::handshake_failed);
  CHECK(result.error().message.find("unknown CA") != std::string::npos);
}

TEST_CASE("the client's refusal ends the handshake on both sides") {
  TlsPair pair(server_context(), client_context(refuse(Code::peer_mismatch)));
  pair.handshake();
  REQUIRE_FALSE(pair.client_result().ok());
  CHECK(pair.client_result().error().code == Code::peer_mismatch);
  REQUIRE_FALSE(pair.server_result().ok());
  CHECK(pair.server_result().error().code == Code::handshake_failed);
}

TEST_CASE("a check that throws refuses") {
  tls::VerifyPeer const broken = [](std::span<const tls::Certificate>) -> Result<void> {
    throw std::runtime_error("oops");
  };
  TlsPair pair(server_context(broken), client_context());
  pair.handshake();
  REQUIRE_FALSE(pair.server_result().ok());
  CHECK(pair.server_result().error().code == Code::internal);
}

TEST_CASE("an added check comes after the context's own and both must agree") {
  auto const plain = client_context();
  auto const strict = plain->with_check(refuse(Code::peer_mismatch));
  TlsPair accepted(server_context(), plain);
  accepted.handshake();
  CHECK(accepted.accepted());
  TlsPair refused(server_context(), strict);
  refused.handshake();
  REQUIRE_FALSE(refused.client_result().ok());
  CHECK(refused.client_result().error().code == Code::peer_mismatch);
}

TEST_CASE("protocols without one in common end the handshake") {
  TlsPair pair(server_context(accept_anyone(), {"h2"}), client_context(accept_anyone(), {"spdy"}));
  pair.handshake();
  CHECK_FALSE(pair.accepted());
}

TEST_CASE("what waits returns when it is cancelled") {
  TlsPair pair(server_context(), client_context());
  pair.handshake();
  std::string got;
  std::optional<Error> error;
  pair.spawn(receive(pair.server(), got, error));
  auto stop = [](tls::Stream& stream) -> io::Task<void> {
    stream.cancel();
    co_return;
  };
  pair.spawn(stop(pair.server()));
  pair.run();
  REQUIRE(error.has_value());
  CHECK(error->code == Code::interrupted);
}

TEST_CASE("a plain stream carries bytes and knows no peer") {
  boost::asio::io_context loop;
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  auto const open = [&](int fd) {
    return tls::Stream::plaintext(
        tls::Socket(loop, boost::asio::generic::stream_protocol(AF_UNIX, 0), fd));
  };
  auto a = open(ends[0]);
  auto b = open(ends[1]);
  std::string got;
  std::optional<Error> error;
  boost::asio::co_spawn(loop, send_and_end(*a, std::string(500'000, 'z')), boost::asio::detached);
  boost::asio::co_spawn(loop, receive(*b, got, error), boost::asio::detached);
  loop.run();
  CHECK(got.size() == 500'000);
  CHECK_FALSE(error.has_value());
  CHECK_FALSE(b->secure());
  CHECK(b->peer_chain().empty());
}

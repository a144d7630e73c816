// SPDX-License-Identifier: Apache-2.0
// The server's handshakes: who is let in, over which protocol, with which certificate.
#include <doctest/doctest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <fstream>

#include "core/http/server.h"
#include "core/io/task.h"
#include "core/tls/stream.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

namespace {

// What a server says first to `greeting`, over TLS whose client named no protocol.
io::Task<std::string> first_words(Site& site, Security const& security, std::string greeting) {
  tls::Socket socket(co_await boost::asio::this_coro::executor);
  boost::asio::ip::tcp::endpoint const there(boost::asio::ip::address_v4::loopback(),
                                             site.server().port());
  auto const [refused] = co_await socket.async_connect(there, io::kNoThrow);
  if (refused) co_return "no connection";
  auto const stream = fixtures::must(
      tls::Stream::open(std::move(socket), fixtures::must(security.context()), "localhost"));
  fixtures::must(co_await stream->handshake());
  for (char const c : greeting) fixtures::must(co_await stream->write_all({&c, 1}));
  std::array<char, 4096> bytes{};
  auto const got = co_await stream->read_some(bytes);
  stream->close();
  co_return got.ok() ? std::string(bytes.data(), *got) : got.error().text();
}

}  // namespace

TEST_CASE("both protocols are served over mutual TLS on one port") {
  Site site(Wired::tls);
  Caller caller;
  for (std::string const& alpn : {"h2", "http/1.1"}) {
    CAPTURE(alpn);
    auto const security = site.as("spiffe://example.org/caller", {alpn});
    CallReport report;
    auto const answer = caller.send(site.endpoint(), post("/a?b=1", "hello"),
                                    {.security = &security, .report = &report});
    REQUIRE(answer.ok());
    CHECK(answer->status == 200);
    CHECK(answer->body == "POST /a?b=1 hello");
    CHECK(answer->headers.get("content-length") == "17");
    CHECK(answer->headers.has("date"));
    CHECK(report.alpn == alpn);
    CHECK(report.tls_version == "TLSv1.3");
    CHECK(report.handshake.count() > 0);
    CHECK(report.peer_chain.at(0).uri_sans().at(0) == "spiffe://example.org/server");
  }
  auto const infos = site.infos();
  CHECK(infos.at(0).alpn == "h2");
  CHECK(infos.at(1).peer_chain.at(0).uri_sans().at(0) == "spiffe://example.org/caller");
  CHECK(infos.at(0).remote_address.starts_with("127.0.0.1:"));
}

TEST_CASE("over TLS without ALPN the first bytes say which protocol it is") {
  Site site(Wired::tls);
  auto const security = site.as("spiffe://example.org/caller", {});
  auto const h1 = io::run_blocking(first_words(site, security, std::string(kGet)));
  CHECK(h1.starts_with("HTTP/1.1 200"));
  std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  preface.append("\0\0\0\4\0\0\0\0\0", 9);  // and empty SETTINGS (RFC 9113 §3.4)
  auto const h2 = io::run_blocking(first_words(site, security, preface));
  REQUIRE(h2.size() > 9);
  CHECK(h2[3] == 4);  // SETTINGS come first from a server too
  CHECK(site.infos().at(1).alpn.empty());
}

TEST_CASE("a refused certificate is a failed handshake, never an answer, and is reported") {
  Site site(Wired::tls);
  Caller caller;
  for (std::string const& alpn : {"h2", "http/1.1"}) {
    auto const security = site.as("spiffe://example.org/evil", {alpn});
    auto const answer = caller.send(site.endpoint(), post("/", "x"), {.security = &security});
    REQUIRE_FALSE(answer.ok());
    CAPTURE(answer.error().text());
    CHECK(answer.error().code == Code::handshake_failed);
  }
  CHECK(eventually([&] { return site.rejected().size() == 2; }));
  CHECK(site.rejected().at(0).code == Code::peer_unverified);
  CHECK(site.server().stats().requests == 0);
}

TEST_CASE("a client without a certificate gets an alert and no answer") {
  Site site(Wired::tls);
  aw::testing::TempDir const directory;
  std::ofstream(directory / "ca.pem") << site.pki().certificate().pem();
  auto spec = site.pki().leaf_spec("spiffe://example.org/server");
  auto const context =
      fixtures::must(tls::Context::web_client({.ca_file = (directory / "ca.pem").string()}));
  Security security;
  security.context = [&]() -> Result<std::shared_ptr<const tls::Context>> { return context; };
  security.server_name = "localhost";
  Caller caller;
  CHECK_FALSE(caller.send(site.endpoint(), post("/", "x"), {.security = &security}).ok());
  CHECK(eventually([&] { return !site.rejected().empty(); }));
  CHECK(site.server().stats().requests == 0);
}

TEST_CASE("plain HTTP to the TLS port is closed without a word of HTTP") {
  Site site(Wired::tls);
  Raw raw(site.server().port());
  raw.send(kGet);
  CHECK(raw.read_all().find("HTTP") == std::string::npos);
  CHECK(raw.ended());
}

TEST_CASE("a new certificate serves new connections; old ones go on") {
  Site site(Wired::tls);
  auto const security = site.as("spiffe://example.org/caller", {"http/1.1"});
  io::BlockingPool pool(1, 4);
  SystemClock const clock;
  Client client({}, pool, clock);
  auto const seen = [&](Client& with) {
    CallReport report;
    auto const answer = io::run_blocking(
        with.send(site.endpoint(), post("/", ""), {.security = &security, .report = &report}));
    REQUIRE(answer.ok());
    return report.peer_chain.at(0).uri_sans().at(0);
  };
  CHECK(seen(client) == "spiffe://example.org/server");
  site.rotate("spiffe://example.org/rotated");
  CHECK(seen(client) == "spiffe://example.org/rotated");
}

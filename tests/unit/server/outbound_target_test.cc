// SPDX-License-Identifier: Apache-2.0
#include "core/server/outbound_target.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/server/outbound.h"
#include "tests/fixtures/ca.h"

using namespace aw;          // NOLINT(google-build-using-namespace): test
using namespace aw::server;  // NOLINT(google-build-using-namespace): test

namespace {

a2a::DiscoveryConfig const kPeers{.peers = {{.spiffe_id = "spiffe://corp.test/agent/search",
                                             .address = "https://search.corp.example:8443"}},
                                  .address_template = "{name}:8443"};

http::Request asked(std::string target, std::string authority = "127.0.0.1:8081") {
  http::Request out;
  out.set_target(target);
  out.authority = std::move(authority);
  return out;
}

// As a client asks that has us for its HTTP proxy: GET http://search/rpc.
http::Request proxied(std::string target, std::string authority) {
  auto out = asked(std::move(target), std::move(authority));
  out.form = http::TargetForm::absolute;
  return out;
}

Result<OutboundTarget> target_of(http::Request const& request) {
  return outbound_target(request, fixtures::trust_domain("corp.test"), kPeers);
}

}  // namespace

TEST_CASE("an outbound request names its agent by path, by host or by header") {
  struct Row {
    http::Request request;
    char const* id;
    char const* target;
    char const* prefix;
  };
  auto with_header = asked("/rpc?x=1");
  with_header.headers.set("x-agentweave-target", "spiffe://corp.test/agent/search");
  for (auto const& row :
       {Row{asked("/agents/search/rpc?x=1"), "spiffe://corp.test/agent/search", "/rpc?x=1",
            "/agents/search"},
        Row{asked("/agents/search"), "spiffe://corp.test/agent/search", "/", "/agents/search"},
        Row{asked("/agents/search?x"), "spiffe://corp.test/agent/search", "/?x", "/agents/search"},
        Row{asked("/agents/spiffe%3A%2F%2Feu.test%2Fa%2Fb/tasks"), "spiffe://eu.test/a/b", "/tasks",
            "/agents/spiffe%3A%2F%2Feu.test%2Fa%2Fb"},
        Row{proxied("/rpc", "search"), "spiffe://corp.test/agent/search", "/rpc", ""},
        Row{proxied("/rpc", "Planner:80"), "spiffe://corp.test/agent/planner", "/rpc", ""},
        Row{proxied("/rpc", "search.corp.example"), "spiffe://corp.test/agent/search", "/rpc", ""},
        Row{proxied("/agents/search/rpc", "localhost:8081"), "spiffe://corp.test/agent/search",
            "/rpc", "/agents/search"},
        Row{with_header, "spiffe://corp.test/agent/search", "/rpc?x=1", ""}}) {
    CAPTURE(row.request.target);
    auto const target = target_of(row.request);
    REQUIRE(target.ok());
    CHECK(target->id.text() == row.id);
    CHECK(target->target == row.target);
    CHECK(target->prefix == row.prefix);
  }
}

TEST_CASE("what names no agent goes nowhere") {
  for (auto const& request :
       {asked("/rpc"), asked("/rpc", "localhost:8081"), asked("/rpc", "[::1]:8081"),
        asked("/rpc", "evil.example"), proxied("/rpc", "evil.example"),
        proxied("/rpc", "127.0.0.1:8081"), asked("/agents/"), asked("/agents/a%2Fb/../rpc"),
        asked("/agents/%00/rpc"), asked("/agents/spiffe%3A%2F%2Fonly.domain/rpc"),
        asked("/agents//rpc")}) {
    CAPTURE(request.target);
    CAPTURE(request.authority);
    auto const target = target_of(request);
    bool const harmless = !target.ok() || target->id.trust_domain().name() == "corp.test";
    CHECK(harmless);
    if (request.target == "/rpc") CHECK_FALSE(target.ok());
  }
  auto twice = asked("/rpc");
  twice.headers.add("x-agentweave-target", "a");
  twice.headers.add("x-agentweave-target", "b");
  CHECK_FALSE(target_of(twice).ok());
}

TEST_CASE("what a browser sends is recognised") {
  auto page = asked("/agents/search/rpc");
  CHECK_FALSE(from_browser(page));
  page.headers.set("origin", "https://evil.example");
  CHECK(from_browser(page));
  auto fetch = asked("/agents/search/rpc");
  fetch.headers.set("sec-fetch-site", "cross-site");
  CHECK(from_browser(fetch));
}

TEST_CASE("a page whose name is an agent's, on the local network, does not reach it by that name") {
  // Whoever answers for the local network gives "search" to a machine of theirs, then to us.
  for (auto const* name : {"search", "Search:8081", "planner", "search.corp.example:8443"}) {
    CAPTURE(name);
    auto const target = target_of(asked("/rpc", name));
    REQUIRE_FALSE(target.ok());
    CHECK(target.error().message.find("which is not ours") != std::string::npos);
  }
  // No browser speaks to a unix socket, nor through our own process.
  for (auto const door : {server::Door::unix_socket, server::Door::in_process})
    CHECK(
        outbound_target(asked("/rpc", "search"), fixtures::trust_domain("corp.test"), kPeers, door)
            .ok());
}

TEST_CASE("a page whose own name was made to resolve to us reaches nobody, by path or by header") {
  // Its GETs are of its own origin: no Origin and, over plain HTTP, no Sec-Fetch-Site.
  auto const by_header = [](char const* host) {
    auto out = asked("/tasks", host);
    out.headers.set("x-agentweave-target", "search");
    return out;
  };
  for (auto const* evil : {"evil.example:8081", "evil.example", "127.0.0.1.evil.example:8081",
                           "search.corp.example.evil.example", "evil.example.", "10.0.0.7",
                           // Somebody's on the local network, and a peer's, whoever answers for it.
                           "wpad", "agent:80", "2130706433", "localhost.evil.example",
                           "evillocalhost", "search.corp.example:8443", "search", "Search:80"}) {
    CAPTURE(evil);
    CHECK_FALSE(target_of(asked("/agents/search/tasks", evil)).ok());
    CHECK_FALSE(target_of(by_header(evil)).ok());
  }
  // No browser speaks to a unix socket; clients put any host there.
  CHECK(outbound_target(asked("/agents/search/tasks", "agent.local"),
                        fixtures::trust_domain("corp.test"), kPeers, server::Door::unix_socket)
            .ok());
  // Names that nobody can own, and, from a proxy's client, the one that path or header give.
  for (auto const* ours : {"127.0.0.1:8081", "127.9.9.9", "LocalHost:8081", "[::1]:8081", "",
                           "tools.localhost:8081"}) {
    CAPTURE(ours);
    CHECK(target_of(asked("/agents/search/tasks", ours)).ok());
    CHECK(target_of(by_header(ours)).ok());
  }
  for (auto const* theirs : {"search", "Search:80"}) {
    auto header = by_header(theirs);
    header.form = http::TargetForm::absolute;
    CHECK(target_of(header).ok());
    CHECK(target_of(proxied("/agents/search/tasks", theirs)).ok());
  }
}

TEST_CASE("an agent's name with a dot in it vouches for no host of that name") {
  CHECK_FALSE(target_of(asked("/agents/evil.example/tasks", "evil.example")).ok());
  CHECK_FALSE(target_of(proxied("/agents/evil.example/tasks", "evil.example")).ok());
  auto by_header = proxied("/tasks", "search.corp.example");
  by_header.headers.set("x-agentweave-target", "search.corp.example");
  CHECK_FALSE(target_of(by_header).ok());
}

TEST_CASE("our own agent cannot speak for somebody else, nor reuse a nonce") {
  http::Headers const sent{{"content-type", "application/json"},
                           {"a2a-version", "1.0"},
                           {"connection", "close"},
                           {"x-agentweave-nonce", "n"},
                           {"x-agentweave-caller", "spiffe://evil"},
                           {"x-forwarded-client-cert", "By=x"},
                           {"traceparent", "00-x"},
                           {"host", "x"}};
  auto const kept = outbound_headers(sent);
  CHECK(kept.size() == 2);
  CHECK(kept.has("content-type"));
  CHECK(kept.has("a2a-version"));
}

TEST_CASE("a field that Connection names is of this hop, and so is whatever says who forwarded") {
  http::Headers const sent{{"Connection", "close, X-Trace-Me"},
                           {"connection", " x-other ,, authorization"},
                           {"x-trace-me", "1"},
                           {"X-Other", "2"},
                           {"authorization", "Bearer of this hop"},
                           {"x-forwarded-proto", "https"},
                           {"x-forwarded-host", "bank.example"},
                           {"x-forwarded", "for=x"},
                           {"x-mine", "3"}};
  auto const kept = outbound_headers(sent);
  CHECK(kept.size() == 1);
  CHECK(kept.get("x-mine") == "3");
  // The way back has the same rule (RFC 9110 §7.6.1).
  auto const back = returned_headers({{"connection", "x-hop"}, {"x-hop", "1"}, {"x-end", "2"}});
  CHECK(back.size() == 1);
  CHECK(back.get("x-end") == "2");
}

TEST_CASE("a peer's card leads our own agent back through us") {
  auto const card = card_through(
      R"({"name":"n","url":"https://search:8443/rpc","signatures":[{}],
          "supportedInterfaces":[{"url":"https://search:8443/rpc","protocolBinding":"JSONRPC"},
            {"url":"search:8443","protocolBinding":"GRPC"},{"url":"https://search:8443","protocolBinding":"HTTP+JSON"}],
          "additionalInterfaces":[{"url":"https://search:8443","transport":"GRPC"}]})",
      "http://127.0.0.1:8081/agents/search");
  REQUIRE(card.ok());
  auto const read = nlohmann::json::parse(*card);
  CHECK(read["url"] == "http://127.0.0.1:8081/agents/search/rpc");
  REQUIRE(read["supportedInterfaces"].size() == 2);
  CHECK(read["supportedInterfaces"][1]["url"] == "http://127.0.0.1:8081/agents/search");
  CHECK(read["additionalInterfaces"].empty());
  CHECK_FALSE(read.contains("signatures"));
  for (auto const* text : {"", "[]", "7", "{"}) CHECK_FALSE(card_through(text, "http://x").ok());
}

TEST_CASE("the outbound listener binds to this machine only") {
  for (auto const* here : {"127.0.0.1:8081", "localhost:0", "[::1]:8081", "unix:///run/o.sock"})
    CHECK(outbound_address(here).ok());
  for (auto const* there :
       {"0.0.0.0:8081", ":8081", "10.0.0.1:80", "[::]:80", "example.com:80", ""})
    CHECK_FALSE(outbound_address(there).ok());
}

// SPDX-License-Identifier: Apache-2.0
// `doctor --prove`'s attacks against a listener with one gate open at a time: each open gate is
// named, and no other. The real listener is attacked end to end (tests/e2e/test_prove.py).
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "commands/support/attack.h"
#include "commands/support/proof.h"
#include "core/base/text.h"
#include "tests/fakes/weak_listener.h"
#include "tests/fixtures/ca.h"

namespace {

using namespace aw::commands;
using aw::testing::WeakListener;
using aw::testing::Weakness;

struct Siege {
  aw::SystemClock clock;
  aw::fixtures::TestCa ca{"siege.test"};
  std::shared_ptr<const aw::identity::Snapshot> snapshot =
      aw::fixtures::snapshot(ca, "/agent/prey");

  [[nodiscard]] Prey prey(std::uint16_t port) const {
    return {.host = "127.0.0.1",
            .port = port,
            .id = snapshot->svid().id,
            .self = aw::fixtures::must(aw::identity::Credentials::make(snapshot, {}, clock)),
            .clock = clock,
            .patience = std::chrono::seconds(2),
            .max_head_bytes = WeakListener::kMaxHead,
            .max_body_bytes = WeakListener::kMaxBody,
            .authority = aw::tls::Authority{ca.pki().authority()},
            .echo = WeakListener::kEcho};
  }
  // What was not refused.
  [[nodiscard]] std::set<std::string> let_through(Weakness weakness) const {
    WeakListener const listener(snapshot, weakness);
    auto const target = prey(listener.port());
    auto const control = aw::fixtures::must(ask_politely(target));
    std::set<std::string> out;
    for (auto const& attack : attack_all(target, control)) {
      CAPTURE(attack.tried);
      CAPTURE(attack.seen);
      CHECK(attack.verdict != Verdict::unclear);
      if (attack.verdict != Verdict::refused) out.insert(attack.tried);
    }
    return out;
  }
};

using Names = std::set<std::string>;

Names body_names() {
  auto const size = std::to_string(WeakListener::kMaxBody);
  return {"body of more than " + size + " bytes", "chunked body of more than " + size + " bytes"};
}

std::map<Weakness, Names> const& what_each_lets_through() {
  static std::map<Weakness, Names> const all = {
      {Weakness::none, {}},
      {Weakness::plaintext, {"plaintext HTTP/1.1", "plaintext HTTP/2"}},
      {Weakness::old_tls, {"TLS 1.2"}},
      {Weakness::any_alpn, {"a protocol nobody speaks (ALPN)"}},
      {Weakness::no_certificate, {"no client certificate"}},
      {Weakness::any_authority,
       {"self-signed certificate with our own SPIFFE ID", "certificate of an unknown authority",
        "certificate signed by our own leaf"}},
      {Weakness::leaf_signs, {"certificate signed by our own leaf"}},
      {Weakness::foreign_authority, {"certificate of a foreign trust domain"}},
      {Weakness::foreign_domain, {"foreign trust domain, signed by ours"}},
      {Weakness::expired, {"expired certificate"}},
      {Weakness::not_yet_valid, {"certificate that is not valid yet"}},
      {Weakness::two_uris, {"two URI SANs"}},
      {Weakness::no_spiffe_id, {"no SPIFFE ID"}},
      {Weakness::authority_as_leaf, {"authority's certificate as a client's"}},
      {Weakness::replayed, {"the same nonce twice"}},
      {Weakness::old_time, {"a timestamp of yesterday"}},
      {Weakness::future_time, {"a timestamp of tomorrow"}},
      {Weakness::short_nonce, {"a nonce that can be guessed"}},
      {Weakness::trusts_caller, {"spoofed x-agentweave-caller"}},
      {Weakness::trusts_client_cert, {"spoofed x-forwarded-client-cert"}},
      {Weakness::length_and_chunked, {"Content-Length and Transfer-Encoding"}},
      {Weakness::chunked_twice, {"Transfer-Encoding twice"}},
      {Weakness::two_lengths, {"two Content-Length"}},
      {Weakness::signed_length, {"Content-Length with a sign"}},
      {Weakness::folding, {"folded header (obs-fold)"}},
      {Weakness::bare_lf, {"lines that end in a bare LF", "bare LF inside the head"}},
      {Weakness::blank_before_colon, {"blank before the colon"}},
      {Weakness::nul, {"NUL in a value"}},
      {Weakness::bad_chunk_size, {"negative chunk size", "chunk size beyond 64 bits"}},
      {Weakness::no_host, {"no Host"}},
      {Weakness::two_hosts, {"two Hosts"}},
      {Weakness::large_head, {"head of more than 32768 bytes"}},
      {Weakness::many_headers, {"5000 headers"}},
      {Weakness::large_body, body_names()},
      {Weakness::any_route,
       {"unmapped route", "route outside the tree", "metrics on the agent's port",
        "admin on the agent's port"}},
      {Weakness::any_method, {"unmapped method", "method nobody knows"}},
      {Weakness::trace, {"TRACE"}},
      {Weakness::connect, {"CONNECT"}},
      {Weakness::h2_transfer_encoding, {"Transfer-Encoding in HTTP/2"}},
      {Weakness::h2_connection, {"Connection in HTTP/2"}},
      {Weakness::h2_upper_case, {"upper-case header name"}},
      {Weakness::h2_value_bytes, {"CR LF in a value"}},
      {Weakness::h2_pseudo_order, {"pseudo-header after a header"}},
      {Weakness::h2_two_paths, {"two :path"}},
      {Weakness::h2_no_method, {"no :method"}},
      {Weakness::h2_unknown_pseudo, {"unknown pseudo-header"}},
      {Weakness::h2_length, {"Content-Length that DATA belies"}},
      {Weakness::h2_even_stream, {"request on an even stream"}},
      {Weakness::h2_data_on_zero, {"DATA on stream 0"}},
      {Weakness::h2_bad_block, {"header block that is no HPACK"}},
  };
  return all;
}

}  // namespace

TEST_CASE("every gate that a listener leaves open is named, and none that it keeps shut") {
  Siege const siege;
  REQUIRE(what_each_lets_through().size() == static_cast<std::size_t>(Weakness::count_));
  for (auto const& [weakness, expected] : what_each_lets_through()) {
    CAPTURE(static_cast<int>(weakness));
    auto const found = siege.let_through(weakness);
    for (auto const& name : found) INFO("let through: ", name);
    CHECK(found == expected);
  }
}

TEST_CASE("each weakness of the listener is an attack's, and each attack has its weakness") {
  std::set<std::string> covered;
  for (auto const& [weakness, names] : what_each_lets_through())
    covered.insert(names.begin(), names.end());
  Siege const siege;
  WeakListener const listener(siege.snapshot, Weakness::none);
  auto const target = siege.prey(listener.port());
  for (auto const& attack : attack_all(target, aw::fixtures::must(ask_politely(target)))) {
    CAPTURE(attack.tried);
    // Bytes that are no TLS are refused by whatever speaks TLS.
    CHECK((covered.contains(attack.tried) || attack.tried == "bytes that are no TLS"));
  }
}

TEST_CASE("without an echo nobody says that spoofed headers were refused") {
  Siege const siege;
  WeakListener const listener(siege.snapshot, Weakness::trusts_caller);
  auto target = siege.prey(listener.port());
  target.echo.clear();
  for (auto const& attack : attack_headers(target))
    CHECK(attack.verdict == Verdict::not_observable);
  target.echo = "nobody_has_it";
  for (auto const& attack : attack_headers(target))
    CHECK(attack.verdict == Verdict::not_observable);
}

TEST_CASE("without an authority it is said that a certificate's fault was not alone") {
  Siege const siege;
  WeakListener const listener(siege.snapshot, Weakness::expired);
  auto target = siege.prey(listener.port());
  target.authority.reset();
  for (auto const& attack : attack_certificates(target)) {
    CHECK(attack.verdict == Verdict::refused);
    if (attack.tried == "expired certificate")
      CHECK(attack.seen.find("give --authority") != std::string::npos);
  }
}

TEST_CASE("only a listener that proves our own identity is attacked") {
  Siege const siege;
  WeakListener const listener(siege.snapshot, Weakness::none);
  auto target = siege.prey(listener.port());
  target.id = aw::fixtures::spiffe_id("spiffe://siege.test/agent/other");
  auto const refused = ask_politely(target);
  REQUIRE(!refused.ok());
  CHECK(refused.error().code == aw::Code::peer_mismatch);
}

TEST_CASE("a listener that is not there is no proof") {
  Siege const siege;
  std::uint16_t port = 0;
  {
    WeakListener const listener(siege.snapshot, Weakness::none);
    port = listener.port();
  }
  CHECK(!ask_politely(siege.prey(port)).ok());
}

// --- what is written down

namespace {

struct Signing {
  aw::fixtures::TestCa ca{"siege.test"};
  aw::identity::Svid svid = ca.svid("/agent/prey");
  aw::identity::Bundles bundles{{ca.domain(), ca.bundle()}};
  Proof proof{.control = {.address = "https://127.0.0.1:1", .version = "TLSv1.3"},
              .listener = "spiffe://siege.test/agent/prey",
              .time = ca.now(),
              .attacks = {{.gate = "tls",
                           .tried = "TLS 1.2",
                           .verdict = Verdict::refused,
                           .seen = "alert \"protocol version\""}}};

  [[nodiscard]] std::string line() const {
    return aw::fixtures::must(signed_proof(proof, svid, "prey"));
  }
};

std::string with(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a report says again what was signed, and by whom") {
  Signing const signing;
  auto const checked = aw::fixtures::must(check_proof(signing.line(), signing.bundles));
  CHECK(checked.signer == "spiffe://siege.test/agent/prey");
  CHECK(checked.proof.stands());
  REQUIRE(checked.proof.attacks.size() == 1);
  CHECK(checked.proof.attacks[0].tried == "TLS 1.2");
  CHECK(checked.proof.attacks[0].seen == "alert \"protocol version\"");
  CHECK(checked.proof.time == *aw::parse_rfc3339(aw::format_rfc3339(signing.proof.time)));
}

TEST_CASE("a report that was touched is not believed") {
  Signing const signing;
  auto const line = signing.line();
  std::vector<std::string> const forged = {
      with(line, "refused", "accepted"),
      with(line, "TLS 1.2", "TLS 1.1"),
      with(line, "\"proof\":{", "\"proof\":{\"more\":1,"),
      with(line, "spiffe://siege.test/agent/prey\"", "spiffe://siege.test/agent/other\""),
      with(line, "\"signature\":\"", "\"signature\":\"AAAA"),
      with(line, "\"PROOF\"", "\"CHECKPOINT\""),
      line.substr(0, line.size() / 2),
      line + line,
      "",
      "{}",
      R"({"event_type":"PROOF","signature":"","proof":{}})",
      R"({"event_type":"PROOF","signature":"","proof":[]})",
  };
  for (auto const& one : forged) {
    CAPTURE(one);
    auto const checked = check_proof(one, signing.bundles);
    REQUIRE(!checked.ok());
    CHECK(checked.error().code == aw::Code::audit_integrity);
  }
}

TEST_CASE("a report is believed after its SVID ran out, and not when it was signed then") {
  Signing signing;
  signing.proof.time = signing.ca.now() + std::chrono::hours(2);
  CHECK(!check_proof(signing.line(), signing.bundles).ok());
  aw::fixtures::TestCa const other{"siege.test"};
  signing.proof.time = signing.ca.now();
  CHECK(!check_proof(signing.line(), {{other.domain(), other.bundle()}}).ok());
}

TEST_CASE("a report stands only when something was refused and nothing was not") {
  Proof proof;
  CHECK(!proof.stands());  // nothing tried, nothing proven
  proof.attacks = {{.verdict = Verdict::not_observable}};
  CHECK(!proof.stands());
  proof.attacks.push_back({.verdict = Verdict::refused});
  CHECK(proof.stands());
  proof.attacks.push_back({});  // unclear
  CHECK(!proof.stands());
  proof.attacks.back().verdict = Verdict::accepted;
  CHECK(!proof.stands());
}

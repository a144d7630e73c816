// SPDX-License-Identifier: Apache-2.0
// Who gets in: good and bad X.509-SVIDs presented in real TLS 1.3 handshakes.
#include <doctest/doctest.h>

#include <functional>
#include <optional>

#include "core/identity/credentials.h"
#include "tests/fixtures/tls_pair.h"
#include "tests/unit/identity/world.h"

using namespace aw;
using namespace aw::fixtures;
using namespace std::chrono_literals;
using tls::BasicConstraints;
using tls::ExtendedUsage;
using tls::KeyType;
using tls::KeyUsage;

namespace {

struct Case {
  std::string name;
  std::function<Identity()> mint;
  std::optional<Code> refused;  // nullopt = accepted
};

// A leaf of `ca` with one thing changed.
Identity spoiled(TestCa const& ca, std::function<void(tls::LeafSpec&)> const& change) {
  auto spec = ca.spec("/client");
  change(spec);
  return ca.mint(spec);
}

// A leaf under `depth` intermediates, each changed by `change`; all are sent.
Identity under(TestCa const& ca, int depth, std::function<void(tls::CaSpec&, int)> const& change,
               std::string const& uri = "spiffe://example.org/client") {
  tls::Authority signer = ca.pki().authority();
  std::vector<tls::Certificate> signers;
  for (int level = 0; level < depth; ++level) {
    auto spec = ca.pki().ca_spec("spiffe://example.org");
    spec.common_name = "intermediate " + std::to_string(level);
    change(spec, level);
    signer = must(tls::make_intermediate(spec, signer));
    signers.insert(signers.begin(), signer.certificate);
  }
  auto key = must(tls::PrivateKey::generate(KeyType::p256));
  auto leaf = must(tls::issue(ca.pki().leaf_spec(uri), signer, key));
  Identity out{{leaf}, key};
  out.chain.insert(out.chain.end(), signers.begin(), signers.end());
  return out;
}

void nothing(tls::CaSpec& /*spec*/, int /*level*/) {}

std::vector<Case> accepted_cases() {
  TestCa const& own = world().own;
  auto leaf_of = [&own](KeyType type) {
    return [&own, type] { return own.mint(own.spec("/client"), type); };
  };
  return {
      {"an SVID of the own domain", leaf_of(KeyType::p256), {}},
      {"a P-384 key", leaf_of(KeyType::p384), {}},
      {"an RSA 2048 key", leaf_of(KeyType::rsa2048), {}},
      {"an RSA 4096 key", leaf_of(KeyType::rsa4096), {}},
      {"an Ed25519 key", leaf_of(KeyType::ed25519), {}},
      {"an SVID of an allowed federated domain",
       [] { return world().partner.mint(world().partner.spec("/client")); },
       {}},
      {"DNS names beside the URI",
       [&own] { return spoiled(own, [](auto& s) { s.dns_names = {"client.internal"}; }); },
       {}},
      {"no extended key usage",
       [&own] { return spoiled(own, [](auto& s) { s.extended_usage.clear(); }); },
       {}},
      {"no basic constraints",
       [&own] {
         return spoiled(own, [](auto& s) { s.basic_constraints = BasicConstraints::absent; });
       },
       {}},
      {"a non-critical extension nobody knows",
       [&own] {
         return spoiled(own, [](auto& s) {
           s.extra = {{"1.3.6.1.4.1.55555.1", false, std::string("\x05\x00", 2)}};
         });
       },
       {}},
      {"one intermediate", [&own] { return under(own, 1, nothing); }, {}},
      {"eight intermediates", [&own] { return under(own, 8, nothing); }, {}},
      {"an intermediate without a SPIFFE ID",
       [&own] { return under(own, 1, [](auto& s, int) { s.uris.clear(); }); },
       {}},
      {"an intermediate whose name constraint fits",
       [&own] {
         return under(own, 1, [](auto& s, int) { s.permitted_uri_hosts = {"example.org"}; });
       },
       {}},
  };
}

std::vector<Case> wrong_leaves() {
  TestCa const& own = world().own;
  auto leaf = [&own](std::function<void(tls::LeafSpec&)> change) {
    return [&own, change = std::move(change)] { return spoiled(own, change); };
  };
  auto usage = [&leaf](std::vector<KeyUsage> bits) {
    return leaf([bits = std::move(bits)](auto& s) { s.key_usage = bits; });
  };
  auto uris = [&leaf](std::vector<std::string> list) {
    return leaf([list = std::move(list)](auto& s) { s.uris = list; });
  };
  auto extended = [&leaf](std::vector<ExtendedUsage> list) {
    return leaf([list = std::move(list)](auto& s) { s.extended_usage = list; });
  };
  Code const bad = Code::svid_malformed;
  Code const bad_id = Code::spiffe_id_malformed;
  return {
      {"two SPIFFE IDs", uris({"spiffe://example.org/a", "spiffe://example.org/b"}), bad},
      {"a second URI of another scheme", uris({"spiffe://example.org/a", "https://example.org/"}),
       bad},
      {"no URI at all", uris({}), bad},
      {"a DNS name only", leaf([](auto& s) {
         s.uris.clear();
         s.dns_names = {"client.internal"};
       }),
       bad},
      {"a URI of another scheme", uris({"https://example.org/client"}), bad_id},
      {"an ID without a path", uris({"spiffe://example.org"}), bad},
      {"an ID that ends in a slash", uris({"spiffe://example.org/"}), bad_id},
      {"an upper-case trust domain", uris({"spiffe://Example.org/client"}), bad_id},
      {"an upper-case scheme", uris({"SPIFFE://example.org/client"}), bad_id},
      {"a dot segment", uris({"spiffe://example.org/a/../admin"}), bad_id},
      {"an escape", uris({"spiffe://example.org/%61dmin"}), bad_id},
      {"a query", uris({"spiffe://example.org/client?x=1"}), bad_id},
      {"a port", uris({"spiffe://example.org:443/client"}), bad_id},
      {"an ID of 2049 bytes", uris({"spiffe://example.org/" + std::string(2028, 'a')}), bad_id},
      {"a leaf that is a CA",
       leaf([](auto& s) { s.basic_constraints = BasicConstraints::authority; }), bad},
      {"no key usage", usage({}), bad},
      {"a key that may not sign", usage({KeyUsage::key_agreement}), bad},
      {"a key that may sign certificates",
       usage({KeyUsage::digital_signature, KeyUsage::key_cert_sign}), bad},
      {"a key that may sign revocation lists",
       usage({KeyUsage::digital_signature, KeyUsage::crl_sign}), bad},
      {"extended key usage for code only", extended({ExtendedUsage::code_signing}), bad},
      {"extended key usage without server authentication", extended({ExtendedUsage::client_auth}),
       bad},
      {"extended key usage for anything", extended({ExtendedUsage::any}), bad},
      {"a critical extension nobody knows",
       leaf([](auto& s) { s.extra = {{"1.3.6.1.4.1.55555.1", true, std::string("\x05\x00", 2)}}; }),
       Code::peer_unverified},
      {"an SVID that expired a second ago",
       leaf([](auto& s) { s.not_after = world().clock.now() - 1s; }), Code::svid_expired},
      {"an SVID of the next minute",
       leaf([](auto& s) { s.not_before = world().clock.now() + 1min; }), Code::svid_expired},
  };
}

std::vector<Case> wrong_signers() {
  TestCa const& own = world().own;
  auto via = [&own](std::function<void(tls::CaSpec&, int)> change) {
    return [&own, change = std::move(change)] { return under(own, 1, change); };
  };
  Code const bad = Code::svid_malformed;
  Code const unverified = Code::peer_unverified;
  return {
      {"an identity of domain A signed by domain B's CA",
       [] {
         return spoiled(world().partner, [](auto& s) { s.uris = {"spiffe://example.org/admin"}; });
       },
       unverified},
      {"an identity of domain B signed by domain A's CA",
       [&own] { return spoiled(own, [](auto& s) { s.uris = {"spiffe://partner.org/admin"}; }); },
       unverified},
      {"a trust domain that is federated but not allowed",
       [] { return world().listed.mint(world().listed.spec("/client")); },
       Code::trust_domain_not_allowed},
      {"a trust domain without a bundle",
       [] { return world().stranger.mint(world().stranger.spec("/client")); }, Code::no_bundle},
      {"a self-signed certificate with a stolen name",
       [&own] {
         auto key = must(tls::PrivateKey::generate(KeyType::p256));
         return Identity{{must(tls::self_sign(own.spec("/client"), key))}, key};
       },
       unverified},
      {"a CA of the same name with another key",
       [] {
         TestCa const forged{"example.org"};
         return forged.mint(forged.spec("/client"));
       },
       unverified},
      {"a forged CA that is sent along",
       [] {
         TestCa const forged{"example.org"};
         auto out = forged.mint(forged.spec("/client"));
         out.chain.push_back(forged.pki().certificate());
         return out;
       },
       unverified},
      {"an intermediate that is not sent",
       [&own] {
         auto out = under(own, 1, nothing);
         out.chain.erase(out.chain.begin() + 1, out.chain.end());
         return out;
       },
       unverified},
      {"a signer that is no CA",
       via([](auto& s, int) { s.basic_constraints = BasicConstraints::leaf; }), unverified},
      {"a signer without basic constraints",
       via([](auto& s, int) { s.basic_constraints = BasicConstraints::absent; }), unverified},
      {"a signer that may not sign certificates",
       via([](auto& s, int) { s.key_usage = {KeyUsage::digital_signature}; }), unverified},
      {"a signer without key usage", via([](auto& s, int) { s.key_usage.clear(); }), bad},
      {"a signer whose SPIFFE ID has a path",
       via([](auto& s, int) { s.uris = {"spiffe://example.org/has/path"}; }), bad},
      {"a signer whose SPIFFE ID is malformed",
       via([](auto& s, int) { s.uris = {"spiffe://Example.org"}; }), Code::spiffe_id_malformed},
      {"a signer with two URIs",
       via([](auto& s, int) { s.uris = {"spiffe://example.org", "spiffe://partner.org"}; }), bad},
      {"a signer that expired", via([](auto& s, int) { s.not_after = world().clock.now() - 1s; }),
       Code::svid_expired},
      {"a signer whose name constraint does not fit",
       via([](auto& s, int) { s.permitted_uri_hosts = {"partner.org"}; }), unverified},
      {"a path longer than its signer allows",
       [&own] {
         return under(own, 2, [](auto& s, int level) {
           if (level == 0) s.path_length = 0;
         });
       },
       unverified},
      {"nine intermediates", [&own] { return under(own, 9, nothing); }, unverified},
      {"another workload's SVID as signer",
       [&own] {
         auto const middle = own.mint(own.spec("/middle"));
         auto key = must(tls::PrivateKey::generate(KeyType::p256));
         auto leaf = must(tls::issue(own.spec("/admin"), {middle.chain[0], middle.key}, key));
         return Identity{{leaf, middle.chain[0]}, key};
       },
       unverified},
      {"seventeen certificates",
       [&own] {
         auto out = own.mint(own.spec("/client"));
         out.chain.resize(17, own.pki().certificate());
         return out;
       },
       bad},
  };
}

void check_as_client(Case const& one, tls::Crypto crypto) {
  INFO(one.name);
  auto spec = context_spec(one.mint(), accept_anyone(), {"h2"});
  spec.crypto = crypto;
  TlsPair pair(credentials(world().clock, crypto)->server(),
               must(tls::Context::client(std::move(spec))));
  pair.handshake();
  std::string const said = pair.server_result().ok() ? "" : pair.server_result().error().text();
  INFO(said);
  REQUIRE(pair.server_result().ok() == !one.refused.has_value());
  if (!one.refused) return;
  CHECK(code_name(pair.server_result().error().code) == code_name(*one.refused));
  REQUIRE(pair.server().verify_error() != nullptr);
  CHECK_FALSE(pair.server().verify_error()->message.empty());
}

void check_as_server(Case const& one) {
  INFO(one.name);
  TlsPair pair(must(tls::Context::server(context_spec(one.mint(), accept_anyone(), {"h2"}))),
               credentials()->client());
  pair.handshake();
  std::string const said = pair.client_result().ok() ? "" : pair.client_result().error().text();
  INFO(said);
  REQUIRE(pair.client_result().ok() == !one.refused.has_value());
  if (one.refused) CHECK(code_name(pair.client_result().error().code) == code_name(*one.refused));
}

}  // namespace

TEST_CASE("a server accepts what the X.509-SVID standard accepts") {
  for (auto const& one : accepted_cases()) check_as_client(one, tls::Crypto::lean);
}

TEST_CASE("a server refuses leaves that break the X.509-SVID standard") {
  for (auto const& one : wrong_leaves()) check_as_client(one, tls::Crypto::lean);
}

TEST_CASE("a server refuses leaves whose signers are not their trust domain's") {
  for (auto const& one : wrong_signers()) check_as_client(one, tls::Crypto::lean);
}

TEST_CASE("the library's default provider judges the same way") {
  for (auto const& one : accepted_cases()) check_as_client(one, tls::Crypto::standard);
  for (auto const& one : wrong_leaves()) check_as_client(one, tls::Crypto::standard);
  for (auto const& one : wrong_signers()) check_as_client(one, tls::Crypto::standard);
}

TEST_CASE("a client judges servers the same way") {
  for (auto const& one : accepted_cases()) check_as_server(one);
  for (auto const& one : wrong_leaves()) check_as_server(one);
  for (auto const& one : wrong_signers()) check_as_server(one);
}

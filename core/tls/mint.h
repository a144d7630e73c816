// SPDX-License-Identifier: Apache-2.0
// Issues certificates: the development CA's and the tests'.
//
// Every field is free and nothing is checked, so that tests can mint what must be refused; whoever
// issues for real starts from `ca_spec` or `leaf_spec`, which are right. Any thread. Errors:
// Code::svid_malformed (a field the library cannot encode), Code::key_malformed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/tls/certificate.h"
#include "core/tls/private_key.h"

namespace aw::tls {

// leaf: the extension is there and says CA:FALSE.
enum class BasicConstraints { absent, leaf, authority };
enum class ExtendedUsage { server_auth, client_auth, code_signing, any };

struct RawExtension {
  std::string oid;  // dotted
  bool critical = false;
  std::string der;  // the octets inside the extension
};

// Times are cut to whole seconds. Extensions stand in the certificate in a fixed order; `extra`
// come last, before the key ids, which every certificate gets (RFC 5280 §4.2.1.1, §4.2.1.2).
struct CertificateSpec {
  std::string common_name;   // empty = none
  std::string organization;  // empty = none
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // text form
  WallTime not_before;
  WallTime not_after;
  BasicConstraints basic_constraints = BasicConstraints::leaf;
  std::optional<int> path_length;
  std::vector<KeyUsage> key_usage;               // empty = extension absent
  std::vector<ExtendedUsage> extended_usage;     // empty = extension absent
  std::vector<std::string> permitted_uri_hosts;  // nameConstraints, critical; empty = absent
  std::vector<RawExtension> extra;
  std::optional<std::uint64_t> serial;  // absent = 127 random bits
};
using CaSpec = CertificateSpec;
using LeafSpec = CertificateSpec;

// A signing certificate as X.509-SVID §4 wants it: CA:TRUE, keyCertSign and cRLSign, a path-less
// SPIFFE ID (`uri`, e.g. "spiffe://example.org").
[[nodiscard]] CaSpec ca_spec(std::string uri, WallTime not_before, WallTime not_after);
// A leaf as X.509-SVID §4 wants it: CA:FALSE, digitalSignature, server and client auth, one URI.
[[nodiscard]] LeafSpec leaf_spec(std::string uri, WallTime not_before, WallTime not_after);

// A certificate and the key that signs for it. Copies share the key.
struct Authority {
  Certificate certificate;
  PrivateKey key;
};

// Self-signed, with a new key.
// SHA-256 signs, SHA-384 for a P-384 key; an Ed25519 key has its own.
[[nodiscard]] Result<Authority> make_ca(CaSpec const& spec, KeyType type = KeyType::p256);
// Signed by `parent`, with a new key.
[[nodiscard]] Result<Authority> make_intermediate(CaSpec const& spec, Authority const& parent,
                                                  KeyType type = KeyType::p256);
// Signed by `issuer` for `subject`'s public half.
// The issuer's name and key id are taken over from its certificate; whether it may sign is not
// asked.
[[nodiscard]] Result<Certificate> issue(LeafSpec const& spec, Authority const& issuer,
                                        PrivateKey const& subject);
// Signed with `subject` itself.
[[nodiscard]] Result<Certificate> self_sign(CertificateSpec const& spec, PrivateKey const& subject);

}  // namespace aw::tls

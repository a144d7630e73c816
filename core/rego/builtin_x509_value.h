// SPDX-License-Identifier: Apache-2.0
// Certificates, requests and keys as the documents that OPA's crypto builtins answer: the fields of
// Go's x509.Certificate and its kin, their names and numbers.
//
// Pure functions. They describe; whether a certificate is to be trusted, builtin_x509.cc decides.
// A fault's text names the part that is malformed; code: Code::policy_builtin.
#pragma once

#include <string>
#include <string_view>

#include "core/rego/builtin_keys.h"
#include "core/rego/value.h"

namespace aw::rego {

enum class UriStrings { no, yes };  // yes: with a member URIStrings, which only some builtins have

[[nodiscard]] Result<Value> certificate_value(X509* certificate, UriStrings uri_strings);
[[nodiscard]] Result<Value> request_value(X509_REQ* request);
[[nodiscard]] Value public_key_value(EVP_PKEY* key);  // null for kinds that Go does not know
// Go's numbers: 1 RSA, 2 DSA, 3 ECDSA, 4 Ed25519; 0 for others and for null.
[[nodiscard]] int public_key_algorithm(EVP_PKEY* key);
// Go reads keys of the named curves P-224 to P-521 and of no other; true for every other kind.
[[nodiscard]] bool has_known_curve(EVP_PKEY* key);
[[nodiscard]] int signature_algorithm(X509_ALGOR const* algorithm);
// With the private parts in it: Go's rsa.PrivateKey and its kin; null for other kinds.
[[nodiscard]] Value private_key_value(EVP_PKEY* key);
[[nodiscard]] Result<Value> private_key_jwk(EVP_PKEY* key);

// Parts of them. A name is a Name's DER (RFC 5280 §4.1.2.4).
[[nodiscard]] Result<Value> name_value(std::string_view der);
[[nodiscard]] Value object_id_value(std::string_view body);  // an array of numbers
[[nodiscard]] Value base64_value(std::string_view bytes);

// What the extensions say, as members to add; `extensions` is the DER of the SEQUENCE (empty:
// none).
// Of one certificate or request.
struct ExtensionFacts {
  std::vector<Entry> members;
  Value list;         // the member Extensions
  Value uri_strings;  // of the subject's alternative names, as written
};
enum class ExtensionsOf { certificate, request };
[[nodiscard]] Result<ExtensionFacts> extension_facts(std::string_view extensions, ExtensionsOf of);

}  // namespace aw::rego

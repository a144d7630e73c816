// SPDX-License-Identifier: Apache-2.0
// crypto.x509.* and crypto.parse_private_keys, on OpenSSL's parsers and its chain verification.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "core/rego/base64.h"
#include "core/rego/builtin.h"
#include "core/rego/builtin_x509_value.h"
#include "core/rego/pem_blocks.h"

namespace aw::rego {
namespace {

using Certificates = std::vector<Held<X509>>;
constexpr std::size_t kMostCertificates = 64;  // in one argument

Error x509_fault(std::string text) { return make_error(Code::policy_builtin, std::move(text)); }

Result<Certificates> certificates_from_der(std::string_view der) {
  Certificates out;
  auto const* at = reinterpret_cast<unsigned char const*>(der.data());  // NOLINT: OpenSSL's bytes
  auto const* end = at + der.size();
  while (at < end) {
    X509* parsed = d2i_X509(nullptr, &at, end - at);
    ERR_clear_error();
    if (parsed == nullptr) return x509_fault("x509: malformed certificate");
    out.emplace_back(parsed);
    if (out.size() > kMostCertificates) return x509_fault("x509: too many certificates");
  }
  return out;
}

Result<Certificates> certificates_from_pem(std::string_view text) {
  std::string der;
  for (PemBlock const& block : pem_blocks(text)) {
    if (block.type != "CERTIFICATE") {
      return x509_fault("PEM block type is '" + block.type + "', expected CERTIFICATE");
    }
    der += block.der;
  }
  return certificates_from_der(der);
}

// PEM; or base64 of PEM or of DER.
Result<Certificates> certificates_of(std::string_view text) {
  if (text.starts_with("-----BEGIN")) return certificates_from_pem(text);
  AW_TRY(std::string bytes, decode_base64(text, Base64::standard));
  if (bytes.starts_with("-----BEGIN")) return certificates_from_pem(bytes);
  return certificates_from_der(bytes);
}

Result<Value> certificates_value(std::span<X509* const> certificates, UriStrings uri_strings) {
  std::vector<Value> out;
  for (X509* certificate : certificates) {
    AW_TRY(Value one, certificate_value(certificate, uri_strings));
    out.push_back(std::move(one));
  }
  return Value::array(std::move(out));
}

std::vector<X509*> borrowed(Certificates const& certificates) {
  std::vector<X509*> out;
  for (Held<X509> const& one : certificates) out.push_back(one.get());
  return out;
}

Value answer(BuiltinCall& call, Result<Value> made) {
  return made.ok() ? *made : call.fail(made.error().message);
}

Value parse_certificates(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto certificates = certificates_of(call.text(0));
  if (!certificates.ok()) return call.fail(certificates.error().message);
  return answer(call, certificates_value(borrowed(*certificates), UriStrings::yes));
}

// Verification, with the rules and defaults of Go's x509.

struct VerifyWish {
  std::string dns_name;
  std::vector<std::int64_t> usages = {1};  // any one; server authentication when nothing is said
  std::int64_t seconds = 0;
};

constexpr std::pair<std::string_view, std::int64_t> kUsageNames[] = {
    {"KeyUsageAny", 0},
    {"KeyUsageServerAuth", 1},
    {"KeyUsageClientAuth", 2},
    {"KeyUsageCodeSigning", 3},
    {"KeyUsageEmailProtection", 4},
    {"KeyUsageIPSECEndSystem", 5},
    {"KeyUsageIPSECTunnel", 6},
    {"KeyUsageIPSECUser", 7},
    {"KeyUsageTimeStamping", 8},
    {"KeyUsageOCSPSigning", 9},
    {"KeyUsageMicrosoftServerGatedCrypto", 10},
    {"KeyUsageNetscapeServerGatedCrypto", 11},
    {"KeyUsageMicrosoftCommercialCodeSigning", 12},
    {"KeyUsageMicrosoftKernelCodeSigning", 13},
};

Result<void> read_usages(Value const& names, VerifyWish& wish) {
  if (!names.is(Kind::array) && !names.is(Kind::set)) {
    return x509_fault("'KeyUsages' should be an Array or Set");
  }
  std::vector<std::int64_t> usages;
  std::string unknown;
  for (Value const& name : names.items()) {
    if (!name.is(Kind::string)) continue;
    auto const* known = std::ranges::find(kUsageNames, name.as_string(),
                                          &std::pair<std::string_view, std::int64_t>::first);
    if (known != std::end(kUsageNames)) {
      usages.push_back(known->second);
    } else {
      unknown += (unknown.empty() ? "" : " ") + std::string(name.as_string());
    }
  }
  if (!unknown.empty()) {
    return x509_fault("invalid entries for 'KeyUsages' found: [" + unknown + "]");
  }
  if (!usages.empty()) wish.usages = std::move(usages);
  return {};
}

Result<void> read_option(std::string_view name, Value const& value, VerifyWish& wish) {
  if (name == "KeyUsages") return read_usages(value, wish);
  if (name == "DNSName") {
    if (!value.is(Kind::string)) return x509_fault("'DNSName' should be a string");
    wish.dns_name = value.as_string();
    return {};
  }
  if (name != "CurrentTime" && name != "MaxConstraintComparisons") {
    return x509_fault("invalid key option");
  }
  std::string quoted = "'" + std::string(name) + "'";
  if (!value.is(Kind::number)) return x509_fault(quoted + " should be a number");
  auto number = value.as_int();
  if (!number) return x509_fault(quoted + " should be a valid number");
  if (name == "CurrentTime") wish.seconds = *number / 1'000'000'000;
  return {};
}

// A usage that no certificate of the chain excludes.
bool usages_allow(std::span<X509* const> chain, std::vector<std::int64_t> const& wished) {
  std::vector<std::int64_t> left = wished;
  if (std::ranges::find(left, 0) != left.end()) return true;
  for (X509* certificate : chain) {
    auto described = certificate_value(certificate, UriStrings::no);
    if (!described.ok()) return false;
    Value known = described->get("ExtKeyUsage");
    bool limits = known.size() > 0 || described->get("UnknownExtKeyUsage").size() > 0;
    if (!limits) continue;
    auto items = known.items();
    auto has = [&](std::int64_t usage) {
      return std::ranges::find(items, Value::number(usage)) != items.end();
    };
    if (has(0)) continue;
    std::erase_if(left, [&](std::int64_t usage) { return !has(usage); });
    if (left.empty()) return false;
  }
  return true;
}

// Go verifies no signature over MD5 or SHA-1, nor DSA's; the trust anchor's own is not looked at.
bool signatures_allowed(std::span<X509* const> chain) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    X509_ALGOR const* algorithm = nullptr;
    X509_get0_signature(nullptr, &algorithm, chain[i]);
    int number = signature_algorithm(algorithm);
    bool modern = (number >= 4 && number <= 6) || (number >= 10 && number <= 16);
    if (!modern) return false;
  }
  return true;
}

struct StoreFree {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
template <class T>
using Stored = std::unique_ptr<T, StoreFree>;

void set_parameters(X509_STORE_CTX* context, VerifyWish const& wish) {
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(parameters, wish.seconds);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_auth_level(parameters, 0);
  if (wish.dns_name.empty()) return;
  std::string name = wish.dns_name;
  bool bracketed = name.starts_with('[') && name.ends_with(']');
  if (bracketed) name = name.substr(1, name.size() - 2);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1) return;
  X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size());
}

// The first is the root, the last the leaf. The chain from the leaf up, or empty.
std::vector<X509*> verified_chain(Certificates const& given, VerifyWish const& wish,
                                  X509_STORE_CTX* context) {
  if (X509_verify_cert(context) != 1) return {};
  STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context);
  std::vector<X509*> chain;
  chain.reserve(static_cast<std::size_t>(std::max(sk_X509_num(found), 0)));
  for (int i = 0; i < sk_X509_num(found); ++i) chain.push_back(sk_X509_value(found, i));
  bool ends_at_root = !chain.empty() && X509_cmp(chain.back(), given.front().get()) == 0;
  bool ok = ends_at_root && signatures_allowed(chain) && usages_allow(chain, wish.usages);
  return ok ? chain : std::vector<X509*>{};
}

Result<Value> verify_chain(Certificates const& given, VerifyWish const& wish,
                           UriStrings uri_strings) {
  Value refused = Value::array({Value::boolean(false), Value::array({})});
  if (given.size() < 2) return refused;
  Stored<X509_STORE> store(X509_STORE_new());
  Stored<X509_STORE_CTX> context(X509_STORE_CTX_new());
  Stored<STACK_OF(X509)> between(sk_X509_new_null());
  if (!store || !context || !between) return x509_fault("out of memory");
  X509_STORE_add_cert(store.get(), given.front().get());
  for (std::size_t i = 1; i + 1 < given.size(); ++i) {
    sk_X509_push(between.get(), given[i].get());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), given.back().get(), between.get()) != 1) {
    return refused;
  }
  set_parameters(context.get(), wish);
  std::vector<X509*> chain = verified_chain(given, wish, context.get());
  ERR_clear_error();
  if (chain.empty()) return refused;
  AW_TRY(Value described, certificates_value(chain, uri_strings));
  return Value::array({Value::boolean(true), described});
}

std::int64_t now_seconds(BuiltinCall& call) {
  auto since = call.context.options->now.time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

Value parse_and_verify(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto given = certificates_of(call.text(0));
  VerifyWish wish;
  wish.seconds = now_seconds(call);
  Certificates none;
  return answer(call, verify_chain(given.ok() ? *given : none, wish, UriStrings::yes));
}

Value parse_and_verify_with(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::object)) return {};
  auto given = certificates_of(call.text(0));
  VerifyWish wish;
  wish.seconds = now_seconds(call);
  for (Entry const& option : given.ok() ? call[1].entries() : std::span<const Entry>{}) {
    if (!option.key.is(Kind::string)) continue;
    auto read = read_option(option.key.as_string(), option.value, wish);
    if (!read.ok()) return call.fail(read.error().message);
  }
  Certificates none;
  return answer(call, verify_chain(given.ok() ? *given : none, wish, UriStrings::no));
}

Value parse_request(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string bytes(call.text(0));
  if (!bytes.starts_with("-----BEGIN CERTIFICATE REQUEST-----")) {
    auto decoded = decode_base64(bytes, Base64::standard);
    if (!decoded.ok()) return call.fail(decoded.error().message);
    bytes = *decoded;
  }
  auto blocks = pem_blocks(bytes);
  if (!blocks.empty() && blocks.front().type != "CERTIFICATE REQUEST") {
    return call.fail("invalid PEM-encoded certificate signing request");
  }
  if (!blocks.empty()) bytes = blocks.front().der;
  auto const* at = reinterpret_cast<unsigned char const*>(bytes.data());  // NOLINT
  auto const* end = at + bytes.size();
  Held<X509_REQ> request(d2i_X509_REQ(nullptr, &at, end - at));
  ERR_clear_error();
  if (!request) return call.fail("asn1: structure error: not a certificate request");
  if (at != end) return call.fail("asn1: syntax error: trailing data");
  return answer(call, request_value(request.get()));
}

constexpr Builtin kX509[] = {
    {"crypto.x509.parse_certificates", 1, parse_certificates},
    {"crypto.x509.parse_and_verify_certificates", 1, parse_and_verify},
    {"crypto.x509.parse_and_verify_certificates_with_options", 2, parse_and_verify_with},
    {"crypto.x509.parse_certificate_request", 1, parse_request},
};

}  // namespace

Result<X509Bytes> pem_or_der_certificates(std::string_view text) {
  std::string bytes(text);
  if (!bytes.starts_with("-----BEGIN ")) {
    AW_TRY(bytes, decode_base64(text, Base64::standard));
  }
  X509Bytes out;
  if (!bytes.starts_with("-----BEGIN ")) {
    out.push_back(bytes);
    return out;
  }
  for (PemBlock& block : pem_blocks(bytes)) {
    if (block.type == "CERTIFICATE") out.push_back(std::move(block.der));
  }
  return out;
}

std::span<const Builtin> x509_builtins() { return kX509; }

}  // namespace aw::rego

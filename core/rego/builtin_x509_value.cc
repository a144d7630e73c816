// SPDX-License-Identifier: Apache-2.0
// Certificates and requests as Go's x509.Certificate and x509.CertificateRequest.
#include "core/rego/builtin_x509_value.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include <array>
#include <ctime>
#include <memory>

#include "core/rego/der.h"

namespace aw::rego {
namespace {

// DER of what an i2d function writes.
template <class Write>
std::string der_of(Write write) {
  unsigned char* bytes = nullptr;
  int length = write(&bytes);
  std::string out;
  if (length > 0) out.assign(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  ERR_clear_error();
  return out;
}

std::string bits_of(ASN1_BIT_STRING const* bits) {
  if (bits == nullptr) return {};
  auto const* data = reinterpret_cast<char const*>(ASN1_STRING_get0_data(bits));  // NOLINT
  return {data, static_cast<std::size_t>(ASN1_STRING_length(bits))};
}

struct NumberedAlgorithm {
  int nid;
  int number;
};
constexpr NumberedAlgorithm kSignatures[] = {
    {NID_md2WithRSAEncryption, 1},
    {NID_md5WithRSAEncryption, 2},
    {NID_sha1WithRSAEncryption, 3},
    {NID_sha256WithRSAEncryption, 4},
    {NID_sha384WithRSAEncryption, 5},
    {NID_sha512WithRSAEncryption, 6},
    {NID_dsaWithSHA1, 7},
    {NID_dsa_with_SHA256, 8},
    {NID_ecdsa_with_SHA1, 9},
    {NID_ecdsa_with_SHA256, 10},
    {NID_ecdsa_with_SHA384, 11},
    {NID_ecdsa_with_SHA512, 12},
    {NID_ED25519, 16},
};

struct AlgorithmFree {
  void operator()(RSA_PSS_PARAMS* parameters) const { RSA_PSS_PARAMS_free(parameters); }
  void operator()(X509_ALGOR* algorithm) const { X509_ALGOR_free(algorithm); }
};

struct AlgorithmParts {
  int nid = NID_undef;
  int type = V_ASN1_UNDEF;  // of the parameters
  std::string_view sequence;

  explicit AlgorithmParts(X509_ALGOR const* algorithm) {
    if (algorithm == nullptr) return;
    ASN1_OBJECT const* id = nullptr;
    void const* parameter = nullptr;
    X509_ALGOR_get0(&id, &type, &parameter, algorithm);
    nid = OBJ_obj2nid(id);
    if (type == V_ASN1_SEQUENCE)
      sequence = string_bytes(static_cast<ASN1_STRING const*>(parameter));
  }
  [[nodiscard]] bool bare() const { return type == V_ASN1_UNDEF || type == V_ASN1_NULL; }

 private:
  static std::string_view string_bytes(ASN1_STRING const* text) {
    auto const* bytes = ASN1_STRING_get0_data(text);
    auto const size = static_cast<std::size_t>(ASN1_STRING_length(text));
    return {reinterpret_cast<char const*>(bytes), size};  // NOLINT: OpenSSL's bytes
  }
};

template <class T>
std::unique_ptr<T, AlgorithmFree> parsed(T* (*parse)(T**, unsigned char const**, long),
                                         std::string_view der) {
  auto const* at = reinterpret_cast<unsigned char const*>(der.data());  // NOLINT: OpenSSL's bytes
  std::unique_ptr<T, AlgorithmFree> out(parse(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return out;
}

// Go has names for three sets of parameters only: one hash for message and mask, a salt as long as
// it, the usual trailer. With any other it knows no algorithm, and verifies nothing.
int pss_algorithm(X509_ALGOR const* algorithm) {
  auto const pss = parsed(d2i_RSA_PSS_PARAMS, AlgorithmParts(algorithm).sequence);
  if (!pss) return 0;
  AlgorithmParts const hash(pss->hashAlgorithm);
  AlgorithmParts const mask(pss->maskGenAlgorithm);
  auto const mask_parameters = parsed(d2i_X509_ALGOR, mask.sequence);
  AlgorithmParts const mask_hash(mask_parameters.get());
  bool const usual = pss->trailerField == nullptr || ASN1_INTEGER_get(pss->trailerField) == 1;
  if (!usual || mask.nid != NID_mgf1 || mask_hash.nid != hash.nid || !hash.bare() ||
      !mask_hash.bare()) {
    return 0;
  }
  long const salt = pss->saltLength == nullptr ? 20 : ASN1_INTEGER_get(pss->saltLength);
  if (hash.nid == NID_sha256 && salt == 32) return 13;
  if (hash.nid == NID_sha384 && salt == 48) return 14;
  return hash.nid == NID_sha512 && salt == 64 ? 15 : 0;
}

std::string time_text(ASN1_TIME const* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  std::array<char, 32> out{};
  std::size_t length = std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {out.data(), length};
}

Value integer_value(ASN1_INTEGER const* integer) {
  BIGNUM* number = ASN1_INTEGER_to_BN(integer, nullptr);
  char* text = number == nullptr ? nullptr : BN_bn2dec(number);
  Value out = text == nullptr ? Value::number(0) : Value::number_text(text);
  OPENSSL_free(text);
  BN_free(number);
  return out;
}

void add(std::vector<Entry>& members, std::string_view name, Value value) {
  members.push_back({Value::string(name), std::move(value)});
}

std::string name_der(X509_NAME const* name) {
  return der_of([&](unsigned char** out) { return i2d_X509_NAME(name, out); });
}

std::string extensions_der(X509 const* certificate) {
  auto const* all = X509_get0_extensions(certificate);
  if (all == nullptr) return {};
  return der_of([&](unsigned char** out) { return i2d_X509_EXTENSIONS(all, out); });
}

// A request's attributes whose values are sets of sequences of a type and one value, which is all
// that Go reads: the extensions wished for.
bool attribute_value(std::string_view body, Value& out) {
  DerReader fields(body);
  std::string_view type;
  std::string_view set;
  if (!fields.take(der::kObjectId, type) || !fields.take(der::kSet, set)) return false;
  std::vector<Value> rows;
  for (DerReader sequences(set); !sequences.empty();) {
    std::string_view sequence;
    if (!sequences.take(der::kSequence, sequence)) return false;
    std::vector<Value> row;
    for (DerReader pairs(sequence); !pairs.empty();) {
      std::string_view pair;
      std::string_view id;
      DerElement value;
      if (!pairs.take(der::kSequence, pair)) return false;
      DerReader parts(pair);
      if (!parts.take(der::kObjectId, id) || !parts.next(value)) return false;
      Value said = value.tag == der::kBoolean       ? Value::boolean(value.body == "\xFF")
                   : value.tag == der::kOctetString ? base64_value(value.body)
                                                    : Value::null();
      if (auto text = der_text(value)) said = Value::string(*text);
      row.push_back(Value::object({{"Type", object_id_value(id)}, {"Value", said}}));
    }
    rows.push_back(Value::array(std::move(row)));
  }
  out = Value::object({{"Type", object_id_value(type)}, {"Value", Value::array(std::move(rows))}});
  return true;
}

Value attributes_value(std::string_view request_info) {
  DerReader outer(request_info);
  std::string_view info;
  std::string_view ignored;
  std::string_view attributes;
  if (!outer.take(der::kSequence, info)) return Value::null();
  DerReader fields(info);
  bool there = fields.take(der::kInteger, ignored) && fields.take(der::kSequence, ignored) &&
               fields.take(der::kSequence, ignored) && fields.take(der::constructed(0), attributes);
  std::vector<Value> out;
  for (DerReader all(there ? attributes : ""); !all.empty();) {
    std::string_view body;
    Value one;
    if (!all.take(der::kSequence, body)) break;
    if (attribute_value(body, one)) out.push_back(std::move(one));
  }
  return out.empty() ? Value::null() : Value::array(std::move(out));
}

std::string wished_extensions(X509_REQ* request) {
  STACK_OF(X509_EXTENSION)* wished = X509_REQ_get_extensions(request);
  ERR_clear_error();
  if (wished == nullptr) return {};
  std::string out =
      der_of([&](unsigned char** bytes) { return i2d_X509_EXTENSIONS(wished, bytes); });
  sk_X509_EXTENSION_pop_free(wished, X509_EXTENSION_free);
  return out;
}

Error unknown_curve() {
  return make_error(Code::policy_builtin, "x509: unsupported elliptic curve");
}

}  // namespace

int signature_algorithm(X509_ALGOR const* algorithm) {
  ASN1_OBJECT const* id = nullptr;
  X509_ALGOR_get0(&id, nullptr, nullptr, algorithm);
  int nid = OBJ_obj2nid(id);
  if (nid == NID_rsassaPss) return pss_algorithm(algorithm);
  for (NumberedAlgorithm const& known : kSignatures) {
    if (known.nid == nid) return known.number;
  }
  return 0;
}

Result<Value> certificate_value(X509* certificate, UriStrings uri_strings) {
  AW_TRY(Value issuer, name_value(name_der(X509_get_issuer_name(certificate))));
  AW_TRY(Value subject, name_value(name_der(X509_get_subject_name(certificate))));
  AW_TRY(ExtensionFacts facts,
         extension_facts(extensions_der(certificate), ExtensionsOf::certificate));
  ASN1_BIT_STRING const* signature = nullptr;
  X509_ALGOR const* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, certificate);
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  ERR_clear_error();
  if (!has_known_curve(key)) return unknown_curve();
  std::vector<Entry> members = std::move(facts.members);
  add(members, "Extensions", facts.list);
  add(members, "ExtraExtensions", Value::null());
  if (uri_strings == UriStrings::yes) add(members, "URIStrings", facts.uri_strings);
  add(members, "Raw",
      base64_value(der_of([&](unsigned char** out) { return i2d_X509(certificate, out); })));
  add(members, "RawTBSCertificate",
      base64_value(der_of([&](unsigned char** out) { return i2d_re_X509_tbs(certificate, out); })));
  add(members, "RawSubjectPublicKeyInfo", base64_value(der_of([&](unsigned char** out) {
        return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), out);
      })));
  add(members, "RawSubject", base64_value(name_der(X509_get_subject_name(certificate))));
  add(members, "RawIssuer", base64_value(name_der(X509_get_issuer_name(certificate))));
  add(members, "Signature", base64_value(bits_of(signature)));
  add(members, "SignatureAlgorithm", Value::number(signature_algorithm(algorithm)));
  add(members, "PublicKeyAlgorithm", Value::number(public_key_algorithm(key)));
  add(members, "PublicKey", public_key_value(key));
  add(members, "Version", Value::number(X509_get_version(certificate) + 1));
  add(members, "SerialNumber", integer_value(X509_get0_serialNumber(certificate)));
  add(members, "Issuer", std::move(issuer));
  add(members, "Subject", std::move(subject));
  add(members, "NotBefore", Value::string(time_text(X509_get0_notBefore(certificate))));
  add(members, "NotAfter", Value::string(time_text(X509_get0_notAfter(certificate))));
  return Value::object(std::move(members));
}

Result<Value> request_value(X509_REQ* request) {
  AW_TRY(Value subject, name_value(name_der(X509_REQ_get_subject_name(request))));
  AW_TRY(ExtensionFacts facts, extension_facts(wished_extensions(request), ExtensionsOf::request));
  ASN1_BIT_STRING const* signature = nullptr;
  X509_ALGOR const* algorithm = nullptr;
  X509_REQ_get0_signature(request, &signature, &algorithm);
  EVP_PKEY* key = X509_REQ_get0_pubkey(request);
  ERR_clear_error();
  if (!has_known_curve(key)) return unknown_curve();
  std::string info = der_of([&](unsigned char** out) { return i2d_re_X509_REQ_tbs(request, out); });
  std::vector<Entry> members = std::move(facts.members);
  add(members, "Extensions", facts.list);
  add(members, "ExtraExtensions", Value::null());
  add(members, "Attributes", attributes_value(info));
  add(members, "Raw",
      base64_value(der_of([&](unsigned char** out) { return i2d_X509_REQ(request, out); })));
  add(members, "RawTBSCertificateRequest", base64_value(info));
  add(members, "RawSubjectPublicKeyInfo", base64_value(der_of([&](unsigned char** out) {
        return i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), out);
      })));
  add(members, "RawSubject", base64_value(name_der(X509_REQ_get_subject_name(request))));
  add(members, "Signature", base64_value(bits_of(signature)));
  add(members, "SignatureAlgorithm", Value::number(signature_algorithm(algorithm)));
  add(members, "PublicKeyAlgorithm", Value::number(public_key_algorithm(key)));
  add(members, "PublicKey", public_key_value(key));
  add(members, "Version", Value::number(X509_REQ_get_version(request)));
  add(members, "Subject", std::move(subject));
  return Value::object(std::move(members));
}

}  // namespace aw::rego

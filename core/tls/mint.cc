// SPDX-License-Identifier: Apache-2.0
#include "core/tls/mint.h"

#include <openssl/rand.h>

#include <array>
#include <tuple>

#include "core/tls/openssl.h"

namespace aw::tls {
namespace {

using TimePtr = Owned<ASN1_TIME, ASN1_TIME_free>;
using BitsPtr = Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using OctetsPtr = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using IntegerPtr = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;
using ObjectPtr = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;
using ConstraintsPtr = Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using UsagesPtr = Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using KeyIdPtr = Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using ExtensionPtr = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using NamePtr = Owned<GENERAL_NAME, GENERAL_NAME_free>;
using NameConstraintsPtr = Owned<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>;

Error cannot(std::string_view doing) { return library_error(Code::svid_malformed, doing); }

Result<void> add(X509* x509, int nid, void* value, int critical) {
  if (X509_add1_ext_i2d(x509, nid, value, critical, X509V3_ADD_APPEND) != 1) {
    return cannot("add a certificate extension");
  }
  return {};
}

Result<NamePtr> text_name(int type, std::string const& text) {
  NamePtr name(GENERAL_NAME_new());
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  if (name == nullptr || value == nullptr ||
      ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) != 1) {
    ASN1_IA5STRING_free(value);
    return cannot("make a subject alternative name");
  }
  GENERAL_NAME_set0_value(name.get(), type, value);
  return name;
}

Result<NamePtr> address_name(std::string const& text) {
  NamePtr name(GENERAL_NAME_new());
  ASN1_OCTET_STRING* value = a2i_IPADDRESS(text.c_str());
  if (name == nullptr || value == nullptr) {
    ASN1_OCTET_STRING_free(value);
    return cannot("read the address " + text);
  }
  GENERAL_NAME_set0_value(name.get(), GEN_IPADD, value);
  return name;
}

Result<void> push(GENERAL_NAMES* names, Result<NamePtr> name) {
  if (!name.ok()) return std::move(name).error();
  if (sk_GENERAL_NAME_push(names, name->get()) == 0) return cannot("collect names");
  std::ignore = name->release();  // the list owns it now
  return {};
}

Result<void> add_names(X509* x509, CertificateSpec const& spec) {
  NamesPtr const names(sk_GENERAL_NAME_new_null());
  for (auto const& uri : spec.uris) AW_TRY(push(names.get(), text_name(GEN_URI, uri)));
  for (auto const& dns : spec.dns_names) AW_TRY(push(names.get(), text_name(GEN_DNS, dns)));
  for (auto const& address : spec.ip_addresses) AW_TRY(push(names.get(), address_name(address)));
  if (sk_GENERAL_NAME_num(names.get()) == 0) return {};
  // RFC 5280 §4.2.1.6: critical when there is no subject.
  bool const subject = !spec.common_name.empty() || !spec.organization.empty();
  return add(x509, NID_subject_alt_name, names.get(), subject ? 0 : 1);
}

Result<void> add_basic_constraints(X509* x509, CertificateSpec const& spec) {
  if (spec.basic_constraints == BasicConstraints::absent) return {};
  ConstraintsPtr const constraints(BASIC_CONSTRAINTS_new());
  if (constraints == nullptr) return cannot("make basic constraints");
  if (spec.basic_constraints == BasicConstraints::authority) constraints->ca = 0xff;
  if (spec.path_length) {
    constraints->pathlen = ASN1_INTEGER_new();
    if (constraints->pathlen == nullptr ||
        ASN1_INTEGER_set(constraints->pathlen, *spec.path_length) != 1) {
      return cannot("set the path length");
    }
  }
  return add(x509, NID_basic_constraints, constraints.get(), 1);
}

Result<void> add_key_usage(X509* x509, CertificateSpec const& spec) {
  if (spec.key_usage.empty()) return {};
  BitsPtr const bits(ASN1_BIT_STRING_new());
  for (KeyUsage const usage : spec.key_usage) {
    // The enumerators are the bit positions of RFC 5280 §4.2.1.3.
    int const position = __builtin_ctz(static_cast<unsigned>(usage));
    if (bits == nullptr || ASN1_BIT_STRING_set_bit(bits.get(), position, 1) != 1) {
      return cannot("set the key usage");
    }
  }
  return add(x509, NID_key_usage, bits.get(), 1);
}

int nid_of(ExtendedUsage usage) {
  switch (usage) {
    case ExtendedUsage::server_auth:
      return NID_server_auth;
    case ExtendedUsage::client_auth:
      return NID_client_auth;
    case ExtendedUsage::code_signing:
      return NID_code_sign;
    case ExtendedUsage::any:
      return NID_anyExtendedKeyUsage;
  }
  return NID_undef;
}

Result<void> add_extended_usage(X509* x509, CertificateSpec const& spec) {
  if (spec.extended_usage.empty()) return {};
  UsagesPtr const usages(sk_ASN1_OBJECT_new_null());
  for (ExtendedUsage const usage : spec.extended_usage) {
    if (usages == nullptr || sk_ASN1_OBJECT_push(usages.get(), OBJ_nid2obj(nid_of(usage))) == 0) {
      return cannot("set the extended key usage");
    }
  }
  return add(x509, NID_ext_key_usage, usages.get(), 0);
}

Result<void> add_name_constraints(X509* x509, CertificateSpec const& spec) {
  if (spec.permitted_uri_hosts.empty()) return {};
  NameConstraintsPtr const constraints(NAME_CONSTRAINTS_new());
  if (constraints == nullptr) return cannot("make name constraints");
  constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
  for (auto const& host : spec.permitted_uri_hosts) {
    AW_TRY(NamePtr name, text_name(GEN_URI, host));
    GENERAL_SUBTREE* subtree = GENERAL_SUBTREE_new();
    if (subtree == nullptr) return cannot("make name constraints");
    GENERAL_NAME_free(subtree->base);
    subtree->base = name.release();
    if (sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree) == 0) {
      GENERAL_SUBTREE_free(subtree);
      return cannot("make name constraints");
    }
  }
  return add(x509, NID_name_constraints, constraints.get(), 1);
}

Result<OctetsPtr> key_id(X509* x509) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  OctetsPtr octets(ASN1_OCTET_STRING_new());
  // RFC 5280 §4.2.1.2 (1): a name for the key, not a protection, so SHA-1 will do.
  if (octets == nullptr || X509_pubkey_digest(x509, EVP_sha1(), digest.data(), &size) != 1 ||
      ASN1_OCTET_STRING_set(octets.get(), digest.data(), static_cast<int>(size)) != 1) {
    return cannot("name a key");
  }
  return octets;
}

Result<void> add_key_ids(X509* x509, X509* issuer) {
  AW_TRY(OctetsPtr const own, key_id(x509));
  AW_TRY(add(x509, NID_subject_key_identifier, own.get(), 0));
  ASN1_OCTET_STRING const* issuers = X509_get0_subject_key_id(issuer);
  KeyIdPtr const authority(AUTHORITY_KEYID_new());
  if (issuers == nullptr || authority == nullptr) return {};
  authority->keyid = ASN1_OCTET_STRING_dup(issuers);
  return add(x509, NID_authority_key_identifier, authority.get(), 0);
}

Result<void> add_extra(X509* x509, CertificateSpec const& spec) {
  for (auto const& extra : spec.extra) {
    ObjectPtr const object(OBJ_txt2obj(extra.oid.c_str(), 1));
    OctetsPtr const value(ASN1_OCTET_STRING_new());
    if (object == nullptr || value == nullptr ||
        ASN1_OCTET_STRING_set(value.get(), bytes(extra.der), static_cast<int>(extra.der.size())) !=
            1) {
      return cannot("make the extension " + extra.oid);
    }
    ExtensionPtr const made(
        X509_EXTENSION_create_by_OBJ(nullptr, object.get(), extra.critical ? 1 : 0, value.get()));
    if (made == nullptr || X509_add_ext(x509, made.get(), -1) != 1) {
      return cannot("add the extension " + extra.oid);
    }
  }
  return {};
}

Result<void> set_serial(X509* x509, CertificateSpec const& spec) {
  IntegerPtr const serial(ASN1_INTEGER_new());
  if (serial == nullptr) return cannot("set the serial number");
  if (spec.serial) {
    if (ASN1_INTEGER_set_uint64(serial.get(), *spec.serial) != 1) {
      return cannot("set the serial number");
    }
  } else {
    BnPtr const number(BN_new());
    if (number == nullptr || BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 ||
        BN_to_ASN1_INTEGER(number.get(), serial.get()) == nullptr) {
      return cannot("set the serial number");
    }
  }
  return X509_set_serialNumber(x509, serial.get()) == 1 ? Result<void>{}
                                                        : cannot("set the serial number");
}

TimePtr asn1_time(WallTime time) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return TimePtr(ASN1_TIME_set(nullptr, seconds));
}

Result<void> set_subject(X509* x509, CertificateSpec const& spec) {
  X509_NAME* subject = X509_get_subject_name(x509);
  auto const entry = [&](char const* field, std::string const& text) {
    return text.empty() || X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, bytes(text),
                                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  if (!entry("O", spec.organization) || !entry("CN", spec.common_name)) {
    return cannot("set the subject");
  }
  return {};
}

Result<X509Ptr> unsigned_certificate(CertificateSpec const& spec, EVP_PKEY* subject_key) {
  X509Ptr x509(X509_new());
  TimePtr const begin = asn1_time(spec.not_before);
  TimePtr const end = asn1_time(spec.not_after);
  if (x509 == nullptr || begin == nullptr || end == nullptr ||
      X509_set_version(x509.get(), X509_VERSION_3) != 1 ||
      X509_set1_notBefore(x509.get(), begin.get()) != 1 ||
      X509_set1_notAfter(x509.get(), end.get()) != 1 ||
      X509_set_pubkey(x509.get(), subject_key) != 1) {
    return cannot("make a certificate");
  }
  AW_TRY(set_serial(x509.get(), spec));
  AW_TRY(set_subject(x509.get(), spec));
  AW_TRY(add_basic_constraints(x509.get(), spec));
  AW_TRY(add_key_usage(x509.get(), spec));
  AW_TRY(add_extended_usage(x509.get(), spec));
  AW_TRY(add_names(x509.get(), spec));
  AW_TRY(add_name_constraints(x509.get(), spec));
  AW_TRY(add_extra(x509.get(), spec));
  return x509;
}

Result<Certificate> sign(X509Ptr x509, X509* issuer, EVP_PKEY* issuer_key) {
  if (X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer)) != 1) {
    return cannot("set the issuer");
  }
  AW_TRY(add_key_ids(x509.get(), issuer));
  EVP_MD const* digest = EVP_sha256();
  if (EVP_PKEY_is_a(issuer_key, "ED25519") == 1) digest = nullptr;
  if (curve_of(issuer_key) == "P-384") digest = EVP_sha384();
  if (X509_sign(x509.get(), issuer_key, digest) == 0) return cannot("sign a certificate");
  unsigned char* data = nullptr;
  int const size = i2d_X509(x509.get(), &data);
  if (size <= 0) return cannot("write a certificate");
  std::string const der = text_of(data, static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return Certificate::parse_der(der);  // a fresh object, without half-built caches
}

Error no_key() { return make_error(Code::key_malformed, "there is no private key to sign with"); }

}  // namespace

CaSpec ca_spec(std::string uri, WallTime not_before, WallTime not_after) {
  CaSpec spec;
  spec.organization = "agentweave";
  spec.common_name = uri.starts_with("spiffe://") ? uri.substr(9).substr(0, 64) : "";
  spec.uris = {std::move(uri)};
  spec.not_before = not_before;
  spec.not_after = not_after;
  spec.basic_constraints = BasicConstraints::authority;
  spec.key_usage = {KeyUsage::key_cert_sign, KeyUsage::crl_sign};
  return spec;
}

LeafSpec leaf_spec(std::string uri, WallTime not_before, WallTime not_after) {
  LeafSpec spec;
  spec.organization = "agentweave";
  spec.uris = {std::move(uri)};
  spec.not_before = not_before;
  spec.not_after = not_after;
  spec.key_usage = {KeyUsage::digital_signature, KeyUsage::key_agreement};
  spec.extended_usage = {ExtendedUsage::server_auth, ExtendedUsage::client_auth};
  return spec;
}

Result<Certificate> self_sign(CertificateSpec const& spec, PrivateKey const& subject) {
  if (subject.empty()) return no_key();
  EVP_PKEY* key = subject.impl()->key.get();
  AW_TRY(X509Ptr x509, unsigned_certificate(spec, key));
  X509* issuer = x509.get();
  return sign(std::move(x509), issuer, key);
}

Result<Certificate> issue(LeafSpec const& spec, Authority const& issuer,
                          PrivateKey const& subject) {
  if (subject.empty() || issuer.key.empty()) return no_key();
  AW_TRY(X509Ptr x509, unsigned_certificate(spec, subject.impl()->key.get()));
  return sign(std::move(x509), native(issuer.certificate), issuer.key.impl()->key.get());
}

Result<Authority> make_ca(CaSpec const& spec, KeyType type) {
  AW_TRY(PrivateKey key, PrivateKey::generate(type));
  AW_TRY(Certificate certificate, self_sign(spec, key));
  return Authority{std::move(certificate), std::move(key)};
}

Result<Authority> make_intermediate(CaSpec const& spec, Authority const& parent, KeyType type) {
  AW_TRY(PrivateKey key, PrivateKey::generate(type));
  AW_TRY(Certificate certificate, issue(spec, parent, key));
  return Authority{std::move(certificate), std::move(key)};
}

}  // namespace aw::tls

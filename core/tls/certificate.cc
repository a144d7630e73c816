// SPDX-License-Identifier: Apache-2.0
#include "core/tls/certificate.h"

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "core/base/text.h"
#include "core/tls/openssl.h"

namespace aw::tls {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

Error malformed(std::string what) { return make_error(Code::svid_malformed, std::move(what)); }

Result<WallTime> wall_time(ASN1_TIME const* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return library_error(Code::svid_malformed, "read a certificate's validity");
  }
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

bool plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<void> read_names(X509* x509, Certificate::Impl& into) {
  int critical = -1;
  NamesPtr const names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr) {
    ERR_clear_error();
    if (critical == -1) return {};  // there is none
    return malformed("a certificate's subject alternative names cannot be read");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    GENERAL_NAME const* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI && name->type != GEN_DNS) continue;
    ASN1_IA5STRING const* value = name->d.ia5;
    std::string text =
        text_of(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
    if (!plain_ascii(text)) {
      return malformed("a certificate's subject alternative name holds a control or foreign byte");
    }
    (name->type == GEN_URI ? into.uris : into.names).push_back(std::move(text));
  }
  return {};
}

std::string name_text(X509_NAME const* name) {
  BioPtr const out(BIO_new(BIO_s_mem()));
  if (out == nullptr ||
      X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    ERR_clear_error();
    return {};
  }
  char* data = nullptr;
  long const size = BIO_get_mem_data(out.get(), &data);
  return text::printable({data, static_cast<std::size_t>(size)});
}

// One certificate from the front of `der`; returns how many bytes it took.
Result<std::size_t> take_one(std::string_view der, std::vector<Certificate>& into) {
  unsigned char const* at = bytes(der);
  auto const size = std::min(der.size(), Certificate::kMaxBytes);
  X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(size)));
  if (x509 == nullptr) return library_error(Code::svid_malformed, "read a certificate");
  AW_TRY(Certificate certificate, adopt(std::move(x509)));
  into.push_back(std::move(certificate));
  return static_cast<std::size_t>(at - bytes(der));
}

std::uint32_t bits(KeyUsage usage) {
  switch (usage) {
    case KeyUsage::digital_signature:
      return KU_DIGITAL_SIGNATURE;
    case KeyUsage::content_commitment:
      return KU_NON_REPUDIATION;
    case KeyUsage::key_encipherment:
      return KU_KEY_ENCIPHERMENT;
    case KeyUsage::data_encipherment:
      return KU_DATA_ENCIPHERMENT;
    case KeyUsage::key_agreement:
      return KU_KEY_AGREEMENT;
    case KeyUsage::key_cert_sign:
      return KU_KEY_CERT_SIGN;
    case KeyUsage::crl_sign:
      return KU_CRL_SIGN;
  }
  return 0;
}

bool has_flag(X509* x509, std::uint32_t flag) {
  return (X509_get_extension_flags(x509) & flag) != 0;
}

bool purpose(X509* x509, std::uint32_t usage) {
  return has_flag(x509, EXFLAG_XKUSAGE) && (X509_get_extended_key_usage(x509) & usage) != 0;
}

std::string fingerprint_of(X509 const* x509) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (X509_digest(x509, EVP_sha256(), digest.data(), &size) != 1) {
    ERR_clear_error();
    return {};
  }
  return text::to_hex(text_of(digest.data(), size));
}

}  // namespace

Result<Certificate> adopt(X509Ptr x509) {
  auto impl = std::make_shared<Certificate::Impl>();
  impl->fingerprint = fingerprint_of(x509.get());
  if (impl->fingerprint.empty()) return malformed("a certificate cannot be written again");
  AW_TRY(read_names(x509.get(), *impl));
  AW_TRY(impl->not_before, wall_time(X509_get0_notBefore(x509.get())));
  AW_TRY(impl->not_after, wall_time(X509_get0_notAfter(x509.get())));
  // Fills the library's cache of extensions here, once, before many threads look at it.
  if (has_flag(x509.get(), EXFLAG_INVALID)) {
    ERR_clear_error();
    return malformed("a certificate's extensions contradict each other or cannot be read");
  }
  impl->x509 = std::move(x509);
  return Certificate(std::move(impl));
}

std::string der_of(X509 const* x509) {
  unsigned char* data = nullptr;
  int const size = i2d_X509(x509, &data);
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string out = text_of(data, static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return out;
}

Result<X509Ptr> read_into(std::string_view der, OSSL_LIB_CTX* library) {
  unsigned char const* at = bytes(der);
  X509* made = X509_new_ex(library, nullptr);
  // On failure the library frees `made` and sets it to null.
  if (made == nullptr || d2i_X509(&made, &at, static_cast<long>(der.size())) == nullptr) {
    return library_error(Code::svid_malformed, "read a certificate");
  }
  X509Ptr copy(made);
  if (X509_get0_pubkey(copy.get()) == nullptr) {
    return library_error(Code::svid_malformed,
                         "read the public key of " + name_text(X509_get_subject_name(copy.get())));
  }
  return copy;
}

Result<X509Ptr> copy_into(Certificate const& certificate, OSSL_LIB_CTX* library) {
  return read_into(certificate.der(), library);
}

Result<Certificate> Certificate::parse_der(std::string_view der) {
  std::vector<Certificate> one;
  AW_TRY(std::size_t const used, take_one(der, one));
  if (used != der.size()) return malformed("bytes follow the certificate");
  return std::move(one.front());
}

Result<std::vector<Certificate>> Certificate::parse_der_chain(std::string_view der,
                                                              std::size_t most) {
  std::vector<Certificate> chain;
  while (!der.empty()) {
    if (chain.size() == most)
      return malformed("more than " + std::to_string(most) + " certificates");
    AW_TRY(std::size_t const used, take_one(der, chain));
    der.remove_prefix(used);
  }
  if (chain.empty()) return malformed("no certificate");
  return chain;
}

Result<Certificate> Certificate::parse_pem(std::string_view pem) {
  auto const end = pem.find(kEnd);
  if (end != pem.npos) pem = pem.substr(0, end + kEnd.size());
  AW_TRY(auto chain, parse_pem_chain(pem, 1));
  return std::move(chain.front());
}

Result<std::vector<Certificate>> Certificate::parse_pem_chain(std::string_view pem,
                                                              std::size_t most) {
  if (pem.size() > kMaxBundleBytes) return malformed("too many bytes of certificates");
  std::vector<Certificate> chain;
  for (auto begin = pem.find(kBegin); begin != pem.npos; begin = pem.find(kBegin)) {
    if (chain.size() == most)
      return malformed("more than " + std::to_string(most) + " certificates");
    pem.remove_prefix(begin + kBegin.size());
    auto const end = pem.find(kEnd);
    if (end == pem.npos) return malformed("a certificate block has no end");
    std::string base64;
    for (char const c : pem.substr(0, end)) {
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') base64 += c;
    }
    pem.remove_prefix(end + kEnd.size());
    auto const der = text::from_base64(base64);
    if (!der) return malformed("a certificate block is not base64");
    AW_TRY(Certificate certificate, parse_der(*der));
    chain.push_back(std::move(certificate));
  }
  if (chain.empty()) return malformed("no certificate in the text");
  return chain;
}

std::string Certificate::der() const { return der_of(native(*this)); }

std::string Certificate::pem() const {
  std::string const base64 = text::to_base64(der());
  std::string out(kBegin);
  out += '\n';
  for (std::size_t at = 0; at < base64.size(); at += 64) {
    out += base64.substr(at, 64);
    out += '\n';
  }
  out += kEnd;
  out += '\n';
  return out;
}

std::vector<std::string> const& Certificate::uri_sans() const { return impl_->uris; }
std::vector<std::string> const& Certificate::dns_sans() const { return impl_->names; }
WallTime Certificate::not_before() const { return impl_->not_before; }
WallTime Certificate::not_after() const { return impl_->not_after; }

bool Certificate::is_ca() const { return has_flag(native(*this), EXFLAG_CA); }
bool Certificate::has_key_usage() const { return has_flag(native(*this), EXFLAG_KUSAGE); }
bool Certificate::key_usage(KeyUsage usage) const {
  return has_key_usage() && (X509_get_key_usage(native(*this)) & bits(usage)) != 0;
}
bool Certificate::has_extended_key_usage() const { return has_flag(native(*this), EXFLAG_XKUSAGE); }
bool Certificate::server_auth() const { return purpose(native(*this), XKU_SSL_SERVER); }
bool Certificate::client_auth() const { return purpose(native(*this), XKU_SSL_CLIENT); }

std::string Certificate::subject() const { return name_text(X509_get_subject_name(native(*this))); }
std::string Certificate::issuer() const { return name_text(X509_get_issuer_name(native(*this))); }

std::string Certificate::serial_hex() const {
  BnPtr const number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(native(*this)), nullptr));
  char* hex = number == nullptr ? nullptr : BN_bn2hex(number.get());
  std::string out = hex == nullptr ? "" : text::lower(hex);
  OPENSSL_free(hex);
  return out;
}

std::string Certificate::fingerprint_sha256() const { return impl_->fingerprint; }

std::string Certificate::subject_key_id() const {
  ASN1_OCTET_STRING const* id = X509_get0_subject_key_id(native(*this));
  if (id == nullptr) return {};
  return text::to_hex(
      text_of(ASN1_STRING_get0_data(id), static_cast<std::size_t>(ASN1_STRING_length(id))));
}

std::string Certificate::public_key() const { return describe(X509_get0_pubkey(native(*this))); }

bool operator==(Certificate const& a, Certificate const& b) {
  return a.impl_ == b.impl_ || X509_cmp(native(a), native(b)) == 0;
}

}  // namespace aw::tls

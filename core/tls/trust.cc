// SPDX-License-Identifier: Apache-2.0
#include "core/tls/trust.h"

#include "core/tls/library.h"
#include "core/tls/openssl.h"

namespace aw::tls {
namespace {

constexpr int kStrength = 2;  // of keys and digests in the chain: 112 bits

// The stack borrows the certificates: it must not outlive them and frees none.
void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using StackPtr = Owned<STACK_OF(X509), free_stack>;

Error refusal(X509_STORE_CTX* context) {
  int const number = X509_STORE_CTX_get_error(context);
  int const depth = X509_STORE_CTX_get_error_depth(context);
  ERR_clear_error();
  bool const time =
      number == X509_V_ERR_CERT_HAS_EXPIRED || number == X509_V_ERR_CERT_NOT_YET_VALID;
  std::string message = depth == 0 ? "certificate" : "signer " + std::to_string(depth);
  message += std::string(": ") + X509_verify_cert_error_string(number);
  return make_error(time ? Code::svid_expired : Code::peer_unverified, std::move(message));
}

Result<void> set_rules(X509_STORE_CTX* context, WallTime now) {
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_depth(rules, TrustStore::kMaxDepth);
  X509_VERIFY_PARAM_set_auth_level(rules, kStrength);
  X509_VERIFY_PARAM_set_time(
      rules, std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  // PARTIAL_CHAIN: an intermediate in the bundle is an anchor of its own.
  if (X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_USE_CHECK_TIME) !=
      1) {
    return library_error(Code::internal, "set the rules of a verification");
  }
  return {};
}

Result<std::vector<Certificate>> verified_chain(X509_STORE_CTX* context) {
  std::vector<Certificate> chain;
  STACK_OF(X509) const* built = X509_STORE_CTX_get0_chain(context);
  for (int i = 0; i < sk_X509_num(built); ++i) {
    X509* x509 = sk_X509_value(built, i);
    if (X509_up_ref(x509) != 1) return library_error(Code::internal, "keep a certificate");
    AW_TRY(Certificate certificate, adopt(X509Ptr(x509)));
    chain.push_back(std::move(certificate));
  }
  return chain;
}

}  // namespace

struct TrustStore::Impl {
  StorePtr store;
};

Result<TrustStore> TrustStore::make(std::span<const Certificate> authorities) {
  auto impl = std::make_shared<Impl>();
  impl->store.reset(X509_STORE_new());
  if (impl->store == nullptr) return library_error(Code::internal, "make a trust store");
  for (auto const& authority : authorities) {
    auto copy = copy_into(authority, library(Crypto::lean));
    if (!copy.ok()) {
      return make_error(Code::bundle_malformed,
                        "authority " + authority.subject() + ": " + copy.error().message);
    }
    X509_check_purpose(copy->get(), -1, 0);  // fills the library's cache before threads share it
    if (X509_STORE_add_cert(impl->store.get(), copy->get()) != 1) {
      return library_error(Code::bundle_malformed, "trust " + authority.subject());
    }
  }
  return TrustStore(std::move(impl));
}

Result<std::vector<Certificate>> TrustStore::verify(Certificate const& leaf,
                                                    std::span<const Certificate> intermediates,
                                                    WallTime now) const {
  StackPtr const untrusted(sk_X509_new_null());
  for (auto const& certificate : intermediates) {
    if (untrusted == nullptr || sk_X509_push(untrusted.get(), native(certificate)) == 0) {
      return library_error(Code::internal, "collect the chain");
    }
  }
  StoreCtxPtr const context(X509_STORE_CTX_new_ex(library(Crypto::lean), nullptr));
  if (context == nullptr ||
      X509_STORE_CTX_init(context.get(), impl_->store.get(), native(leaf), untrusted.get()) != 1) {
    return library_error(Code::internal, "begin a verification");
  }
  AW_TRY(set_rules(context.get(), now));
  if (X509_verify_cert(context.get()) != 1) return refusal(context.get());
  return verified_chain(context.get());
}

}  // namespace aw::tls

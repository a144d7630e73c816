// SPDX-License-Identifier: Apache-2.0
// The moments of a handshake at which the library asks us.
#include "core/tls/library.h"
#include "core/tls/openssl.h"

namespace aw::tls {
namespace {

int slot() {
  static int const index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// Chooses the alert that the peer is told; the library maps these to alerts (RFC 8446 §6.2).
int verify_result(Code code) {
  switch (code) {
    case Code::svid_expired:
      return X509_V_ERR_CERT_HAS_EXPIRED;  // certificate_expired
    case Code::no_bundle:
    case Code::peer_unverified:
      return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;  // unknown_ca
    case Code::svid_malformed:
    case Code::spiffe_id_malformed:
      return X509_V_ERR_CERT_REJECTED;  // bad_certificate
    default:
      return X509_V_ERR_APPLICATION_VERIFICATION;  // handshake_failure
  }
}

struct Sent {
  std::vector<std::string> encoded;
  std::vector<Certificate> chain;
};

// As it was read before, or now with its key, which the library has left alone (KeysUnread).
Result<Certificate> read_whole(X509* sent, std::string const& der, Handshake const& handshake) {
  if (handshake.known != nullptr) {
    if (auto known = handshake.known->find(der)) return std::move(*known);
  }
  if (X509_get0_pubkey(sent) != nullptr) {  // not the lean library's
    if (X509_up_ref(sent) != 1) return library_error(Code::internal, "keep a certificate");
    return adopt(X509Ptr(sent));
  }
  ERR_clear_error();
  AW_TRY(X509Ptr whole, read_into(der, library(Crypto::lean)));
  return adopt(std::move(whole));
}

Result<Sent> sent_chain(X509_STORE_CTX* store, Handshake const& handshake) {
  Sent out;
  STACK_OF(X509) const* sent = X509_STORE_CTX_get0_untrusted(store);
  int const count = sk_X509_num(sent);
  if (count > static_cast<int>(Certificate::kMaxChain)) {
    return make_error(Code::svid_malformed, "the peer sent " + std::to_string(count) +
                                                " certificates; at most " +
                                                std::to_string(Certificate::kMaxChain) + " count");
  }
  for (int i = 0; i < count; ++i) {
    X509* x509 = sk_X509_value(sent, i);
    out.encoded.push_back(der_of(x509));
    AW_TRY(Certificate certificate, read_whole(x509, out.encoded.back(), handshake));
    out.chain.push_back(std::move(certificate));
  }
  return out;
}

// The stack is the very one that the library takes the peer's key from and keeps for as long as the
// connection lives.
Result<void> put_in_place(X509_STORE_CTX* store, std::span<const Certificate> chain) {
  STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(store);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    X509* const ours = native(chain[i]);
    X509* const theirs = sk_X509_value(sent, static_cast<int>(i));
    if (ours == theirs) continue;
    if (X509_up_ref(ours) != 1) return library_error(Code::internal, "keep a certificate");
    sk_X509_set(sent, static_cast<int>(i), ours);
    if (i == 0) X509_STORE_CTX_set_cert(store, ours);
    X509_free(theirs);
  }
  return {};
}

Result<void> decide(X509_STORE_CTX* store, Handshake& handshake) {
  KeysRead const here;
  AW_TRY(Sent sent, sent_chain(store, handshake));
  handshake.peer_chain = std::move(sent.chain);
  if (handshake.verify == nullptr || !*handshake.verify) {
    return make_error(Code::internal, "nothing here can check the peer");
  }
  AW_TRY((*handshake.verify)(handshake.peer_chain));
  AW_TRY(put_in_place(store, handshake.peer_chain));
  for (std::size_t i = 0; i < sent.encoded.size() && handshake.known != nullptr; ++i) {
    handshake.known->keep(sent.encoded[i], handshake.peer_chain[i]);
  }
  return {};
}

}  // namespace

void attach(SSL* ssl, Handshake* handshake) { SSL_set_ex_data(ssl, slot(), handshake); }

Handshake* attached(SSL const* ssl) {
  return static_cast<Handshake*>(SSL_get_ex_data(ssl, slot()));
}

int verify_sent_chain(X509_STORE_CTX* store, void* /*unused*/) {
  auto const* ssl = static_cast<SSL const*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Handshake* handshake = ssl == nullptr ? nullptr : attached(ssl);
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  if (handshake == nullptr) return 0;
  try {
    Result<void> decision = decide(store, *handshake);
    if (!decision.ok()) {
      X509_STORE_CTX_set_error(store, verify_result(decision.error().code));
      handshake->refused = std::move(decision).error();
      return 0;
    }
  } catch (std::exception const&) {  // nothing may unwind through the library's C frames
    handshake->refused = make_error(Code::internal, "the check of the peer failed unexpectedly");
    return 0;
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

void note_alert(SSL const* ssl, int where, int value) {
  if ((where & SSL_CB_ALERT) == 0 || (where & SSL_CB_READ) == 0) return;
  Handshake* handshake = attached(ssl);
  if (handshake != nullptr && (value >> 8) == SSL3_AL_FATAL) handshake->peer_alert = value & 0xff;
}

}  // namespace aw::tls

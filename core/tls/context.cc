// SPDX-License-Identifier: Apache-2.0
#include "core/tls/context.h"

#include "core/tls/library.h"
#include "core/tls/openssl.h"

namespace aw::tls {
namespace {

constexpr char const* kSuites13 =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr char const* kSuites12 =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char const* kGroups = "X25519:P-256:P-384";
// The PKCS#1 ones are for signatures inside certificates; TLS 1.3 handshakes do not use them.
constexpr char const* kSignatures =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
    "rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr int kSecurityLevel = 2;  // 112 bits: RSA from 2048, no SHA-1
constexpr long kMaxChainBytes = 64L << 10;

Error setup_error(std::string_view doing) { return library_error(Code::tls_setup, doing); }

Result<std::string> alpn_wire(std::vector<std::string> const& names) {
  std::string out;
  for (auto const& name : names) {
    if (name.empty() || name.size() > 255) {
      return make_error(Code::tls_setup, "an ALPN name must have 1 to 255 bytes");
    }
    out += static_cast<char>(static_cast<unsigned char>(name.size()));
    out += name;
  }
  return out;
}

// RFC 7301 §3.2: with nothing in common the handshake ends; guessing would mix protocols up.
int select_alpn(SSL* /*ssl*/, unsigned char const** out, unsigned char* out_size,
                unsigned char const* offered, unsigned int offered_size, void* argument) {
  auto const& ours = static_cast<Endpoint const*>(argument)->alpn;
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, bytes(ours), static_cast<unsigned int>(ours.size()),
                            offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<void> set_versions(SSL_CTX* context, Version least) {
  int const number = least == Version::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
  if (SSL_CTX_set_min_proto_version(context, number) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(context, kSuites13) != 1 ||
      SSL_CTX_set_cipher_list(context, kSuites12) != 1 ||
      SSL_CTX_set1_groups_list(context, kGroups) != 1 ||
      SSL_CTX_set1_sigalgs_list(context, kSignatures) != 1) {
    return setup_error("set TLS versions and algorithms");
  }
  SSL_CTX_set_security_level(context, kSecurityLevel);
  return {};
}

void set_manners(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_SINGLE_ECDH_USE);
  // A resumed session would skip the check of the peer (RFC 8446 §2.2), so there is none.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_recv_max_early_data(context, 0);
  SSL_CTX_set_max_cert_list(context, kMaxChainBytes);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_info_callback(context, note_alert);
}

Result<std::shared_ptr<Endpoint>> new_endpoint(Role role, OSSL_LIB_CTX* library, Version least,
                                               std::vector<std::string> const& alpn) {
  auto endpoint = std::make_shared<Endpoint>();
  endpoint->role = role;
  AW_TRY(endpoint->alpn, alpn_wire(alpn));
  endpoint->context.reset(SSL_CTX_new_ex(
      library, nullptr, role == Role::server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* context = endpoint->context.get();
  if (context == nullptr) return setup_error("make a TLS context");
  AW_TRY(set_versions(context, least));
  set_manners(context);
  if (endpoint->alpn.empty()) return endpoint;
  if (role == Role::server) {
    SSL_CTX_set_alpn_select_cb(context, select_alpn, endpoint.get());
  } else if (SSL_CTX_set_alpn_protos(context, bytes(endpoint->alpn),
                                     static_cast<unsigned int>(endpoint->alpn.size())) != 0) {
    return setup_error("set ALPN");  // this one call returns 0 for success
  }
  return endpoint;
}

Result<void> use_identity(SSL_CTX* context, ContextSpec const& spec, OSSL_LIB_CTX* library) {
  if (spec.chain.empty() || spec.key.empty()) {
    return make_error(Code::tls_setup, "a TLS endpoint needs a certificate and its key");
  }
  AW_TRY(X509Ptr const leaf, copy_into(spec.chain.front(), library));
  AW_TRY(PkeyPtr const key, copy_into(spec.key, library));
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1) return setup_error("use the certificate");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return setup_error("use the private key");
  }
  for (auto const& certificate : std::span(spec.chain).subspan(1)) {
    AW_TRY(X509Ptr const signer, copy_into(certificate, library));
    if (SSL_CTX_add1_chain_cert(context, signer.get()) != 1) {
      return setup_error("use the certificate's chain");
    }
  }
  return {};
}

Result<std::shared_ptr<const Context>> make_mutual(Role role, ContextSpec spec) {
  if (!spec.verify) return make_error(Code::tls_setup, "a TLS endpoint needs a check of its peers");
  OSSL_LIB_CTX* const in = library(spec.crypto);
  AW_TRY(auto endpoint, new_endpoint(role, in, spec.min_version, spec.alpn));
  SSL_CTX* context = endpoint->context.get();
  AW_TRY(use_identity(context, spec, in));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify_sent_chain, nullptr);
  auto impl = std::make_shared<Context::Impl>();
  impl->endpoint = std::move(endpoint);
  impl->verify = std::move(spec.verify);
  return std::make_shared<const Context>(std::move(impl));
}

}  // namespace

Context::Context(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Context::~Context() = default;

Result<std::shared_ptr<const Context>> Context::server(ContextSpec spec) {
  return make_mutual(Role::server, std::move(spec));
}

Result<std::shared_ptr<const Context>> Context::client(ContextSpec spec) {
  return make_mutual(Role::client, std::move(spec));
}

Result<std::shared_ptr<const Context>> Context::web_client(WebSpec spec) {
  // Public authorities use more kinds of keys than the lean library context knows.
  AW_TRY(auto endpoint,
         new_endpoint(Role::client, library(Crypto::standard), spec.min_version, spec.alpn));
  SSL_CTX* context = endpoint->context.get();
  std::string const file = std::move(spec.ca_file);
  int const loaded = file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                  : SSL_CTX_load_verify_file(context, file.c_str());
  if (loaded != 1) {
    return setup_error("load authorities from " + (file.empty() ? "the machine's store" : file));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  endpoint->web = true;
  auto impl = std::make_shared<Context::Impl>();
  impl->endpoint = std::move(endpoint);
  return std::make_shared<const Context>(std::move(impl));
}

std::shared_ptr<const Context> Context::with_check(VerifyPeer also) const {
  auto impl = std::make_shared<Impl>();
  impl->endpoint = impl_->endpoint;
  impl->verify = [first = impl_->verify,
                  then = std::move(also)](std::span<const Certificate> sent) -> Result<void> {
    if (!first || !then) return make_error(Code::internal, "a check of the peer is missing");
    AW_TRY(first(sent));
    return then(sent);
  };
  return std::make_shared<const Context>(std::move(impl));
}

Role Context::role() const { return impl_->endpoint->role; }

}  // namespace aw::tls

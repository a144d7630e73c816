// SPDX-License-Identifier: Apache-2.0
// This room's private view of OpenSSL: owners for its objects, its error queue as an Error, and
// what stands behind the public values. Included by this room's .cc files only.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tls/certificate.h"
#include "core/tls/context.h"
#include "core/tls/known.h"
#include "core/tls/private_key.h"
#include "core/tls/public_key.h"

namespace aw::tls {

// unique_ptr's deleter, by the library's own function for the type.
template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

// One owner each, freed when it goes; what the library takes over is released to it by name.
// BIGNUMs are cleared, since some are a key's.
using X509Ptr = Owned<X509, X509_free>;
using PkeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using PkeyCtxPtr = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using MdCtxPtr = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using BioPtr = Owned<BIO, BIO_free_all>;
using BnPtr = Owned<BIGNUM, BN_clear_free>;
using SslPtr = Owned<SSL, SSL_free>;
using SslCtxPtr = Owned<SSL_CTX, SSL_CTX_free>;
using StorePtr = Owned<X509_STORE, X509_STORE_free>;
using StoreCtxPtr = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using NamesPtr = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

// Takes what the library queued, oldest first, and empties the queue; "no reason given" when it is
// empty.
std::string take_errors();
// `doing: what the library says`. Empties this thread's error queue; call it before anything else
// touches the library.
Error library_error(Code code, std::string_view doing, std::string hint = {});

// Before a call whose error will be asked for. Mostly there is nothing in the queue; the library's
// own function frees its sixteen entries all the same.
inline void clear_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

// The library's bytes are unsigned, ours are char: views of the same memory, and a copy.
inline unsigned char const* bytes(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}
inline std::string text_of(unsigned char const* data, std::size_t size) {
  return {reinterpret_cast<char const*>(data), size};
}
// A memory BIO that reads from `text`, which must outlive it.
BioPtr read_from(std::string_view text);

// Read once, by `adopt`, so that accessors do not touch the library.
struct Certificate::Impl {
  X509Ptr x509;
  std::string fingerprint;  // SHA-256 of the DER; lower-case hex
  std::vector<std::string> uris;
  std::vector<std::string> names;
  WallTime not_before;
  WallTime not_after;
};
// Never null in an object that was made; of the default library context.
struct PublicKey::Impl {
  PkeyPtr key;
};
struct PrivateKey::Impl {
  explicit Impl(PkeyPtr its_key) : key(std::move(its_key)) {}
  PkeyPtr key;
  // Asked for at each signature, and dearer to make than that is.
  mutable std::mutex mutex;
  mutable std::optional<PublicKey> half;  // guarded by mutex; made when first asked for
};

// Takes the certificate over; Code::svid_malformed when its names or times cannot be read whole.
Result<Certificate> adopt(X509Ptr x509);
inline X509* native(Certificate const& certificate) { return certificate.impl().x509.get(); }
// The whole encoding; empty when it cannot be written.
std::string der_of(X509 const* x509);
// A certificate and its key as objects of `library` (null = the default library context).
// Code::svid_malformed, also when the library knows no such key.
Result<X509Ptr> read_into(std::string_view der, OSSL_LIB_CTX* library);
Result<X509Ptr> copy_into(Certificate const& certificate, OSSL_LIB_CTX* library);
Result<PkeyPtr> copy_into(PrivateKey const& key, OSSL_LIB_CTX* library);

// Each leaves the error queue as empty as it was, except that use_pss leaves its own errors to
// the caller.
bool use_pss(EVP_PKEY_CTX* context);        // RSASSA-PSS as PS256 wants it
std::string describe(EVP_PKEY const* key);  // "ECDSA P-256"
std::string curve_of(EVP_PKEY const* key);  // "P-256"; empty when it has none

// What a handshake needs beside its SSL object; hangs on the SSL while the Stream lives.
// One owner: the Stream, on its loop. `verify` is the Context's, which the Stream keeps.
struct Handshake {
  VerifyPeer const* verify = nullptr;
  KnownCertificates* known = nullptr;  // the Endpoint's; may be null
  std::vector<Certificate> peer_chain;
  std::optional<Error> refused;
  int peer_alert = -1;  // the description of the last fatal alert the peer sent
};
// `handshake` is borrowed and must outlive `ssl`; attached() is null where none was.
void attach(SSL* ssl, Handshake* handshake);
Handshake* attached(SSL const* ssl);
// For SSL_CTX_set_cert_verify_callback: hands the sent chain to Handshake::verify, and puts the
// certificates that it was given in the place of those the library made of the same bytes: theirs
// are the keys that the handshake goes on with. 1 = go on. Anything else, also an exception or no
// Handshake at all, ends the handshake: it fails closed, with the reason in Handshake::refused.
int verify_sent_chain(X509_STORE_CTX* store, void* unused);
// For SSL_CTX_set_info_callback: notes alerts of the peer.
void note_alert(SSL const* ssl, int where, int value);

// The library's side of a Context; shared by all that differ in their check only.
// Immutable once built, but for `known`, which locks; the ALPN callback points into it, so it lives
// as long as its SSL_CTX.
struct Endpoint {
  SslCtxPtr context;
  std::string alpn;  // as on the wire: length-prefixed names
  Role role = Role::server;
  bool web = false;
  mutable KnownCertificates known;
};
struct Context::Impl {
  std::shared_ptr<const Endpoint> endpoint;
  VerifyPeer verify;
};

// A BIO over a socket that it does not own; writes never raise SIGPIPE. Null when out of memory.
BIO* new_socket_bio(int fd);

}  // namespace aw::tls

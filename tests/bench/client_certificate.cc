// SPDX-License-Identifier: Apache-2.0
// LD_PRELOAD for load generators that have no option for a client certificate: every TLS connection
// of the process gets the one that BENCH_CERT and BENCH_KEY (PEM files) name.
#include <dlfcn.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>

extern "C" SSL* SSL_new(SSL_CTX* context) {
  using Make = SSL* (*)(SSL_CTX*);
  static auto const make = reinterpret_cast<Make>(dlsym(RTLD_NEXT, "SSL_new"));
  static SSL_CTX* prepared = nullptr;
  char const* const certificate = std::getenv("BENCH_CERT");
  char const* const key = std::getenv("BENCH_KEY");
  if (prepared != context && certificate != nullptr && key != nullptr) {
    prepared = context;
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
      std::fprintf(stderr, "client_certificate: cannot use %s with %s\n", certificate, key);
      std::exit(2);
    }
  }
  return make(context);
}

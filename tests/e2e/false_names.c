// SPDX-License-Identifier: Apache-2.0
// Preloaded: names as a hostile name server gives them. NAME.hangs.test never answers (until a minute has passed), NAME.turns.test is
// 198.51.100.7 the first time and 127.0.0.1 ever after, A-B-C-D.is.test is A.B.C.D. All others are asked of the real one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef int ask(const char*, const char*, const struct addrinfo*, struct addrinfo**);

static int ends(const char* text, const char* with) {
  size_t const a = strlen(text), b = strlen(with);
  return a >= b && strcmp(text + a - b, with) == 0;
}

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** out) {
  static atomic_int turned;
  ask* const real = (ask*)dlsym(RTLD_NEXT, "getaddrinfo");
  char address[64];
  int a, b, c, d;
  if (name == NULL) return real(name, service, hints, out);
  if (ends(name, ".hangs.test")) {
    sleep(60);
    return EAI_AGAIN;
  }
  if (ends(name, ".turns.test")) return real(atomic_fetch_add(&turned, 1) == 0 ? "198.51.100.7" : "127.0.0.1", service, hints, out);
  if (ends(name, ".is.test") && sscanf(name, "%d-%d-%d-%d", &a, &b, &c, &d) == 4) {
    snprintf(address, sizeof address, "%d.%d.%d.%d", a, b, c, d);
    return real(address, service, hints, out);
  }
  return real(name, service, hints, out);
}

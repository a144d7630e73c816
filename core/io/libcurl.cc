// SPDX-License-Identifier: Apache-2.0
// The functions of libcurl that this program calls, each forwarded to the real one, which is loaded at the first use.
// Linked in the ordinary way, libcurl and the libraries behind it are mapped and relocated at every start, also for
// `agentweave --version` and for a sidecar that never calls out over it (docs/decisions/startup.md has the figures).
//
// A caller includes <curl/curl.h> and links aw_curl; a function that is missing here is an error of the linker. When the
// library is not on the machine, curl_easy_init() returns null, as it does when it cannot start: nothing else is called
// then. Any thread may call.
#include <curl/curl.h>
#include <dlfcn.h>

#include <cstdarg>

namespace {

template <class Function>
Function* find(char const* name) {
  // Never closed: libcurl keeps state of its own until the process ends.
  static void* const library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  return library == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(library, name));
}

using SetOption = CURLcode(CURL*, CURLoption, ...);
using GetInfo = CURLcode(CURL*, CURLINFO, ...);

}  // namespace

extern "C" {

CURL* curl_easy_init() {
  static auto* const real = find<CURL*()>("curl_easy_init");
  return real == nullptr ? nullptr : real();
}

void curl_easy_reset(CURL* handle) {
  static auto* const real = find<void(CURL*)>("curl_easy_reset");
  if (handle != nullptr) real(handle);
}

void curl_easy_cleanup(CURL* handle) {
  static auto* const real = find<void(CURL*)>("curl_easy_cleanup");
  if (handle != nullptr) real(handle);
}

CURLcode curl_easy_perform(CURL* handle) {
  static auto* const real = find<CURLcode(CURL*)>("curl_easy_perform");
  return handle == nullptr ? CURLE_FAILED_INIT : real(handle);
}

CURLcode curl_easy_send(CURL* handle, void const* bytes, std::size_t size, std::size_t* sent) {
  static auto* const real =
      find<CURLcode(CURL*, void const*, std::size_t, std::size_t*)>("curl_easy_send");
  return handle == nullptr ? CURLE_FAILED_INIT : real(handle, bytes, size, sent);
}

char const* curl_easy_strerror(CURLcode code) {
  static auto* const real = find<char const*(CURLcode)>("curl_easy_strerror");
  return real == nullptr ? "libcurl is not installed" : real(code);
}

// Every option is a long, a curl_off_t or a pointer: one machine word on the 64-bit machines this builds for.
// The parameter before the dots is an enum, as libcurl declares it: clang warns that it might be promoted; it is as wide
// as an unsigned int here, so it is not.
static_assert(sizeof(CURLoption) == sizeof(unsigned) && sizeof(CURLINFO) == sizeof(unsigned));
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wvarargs"
static_assert(sizeof(long) == sizeof(void*) && sizeof(curl_off_t) == sizeof(void*));

CURLcode(curl_easy_setopt)(CURL* handle, CURLoption option, ...) {
  static auto* const real = find<SetOption>("curl_easy_setopt");
  if (handle == nullptr) return CURLE_FAILED_INIT;
  va_list arguments;
  va_start(arguments, option);
  void* const value = va_arg(arguments, void*);
  va_end(arguments);
  return real(handle, option, value);
}

CURLcode(curl_easy_getinfo)(CURL* handle, CURLINFO info, ...) {
  static auto* const real = find<GetInfo>("curl_easy_getinfo");
  if (handle == nullptr) return CURLE_FAILED_INIT;
  va_list arguments;
  va_start(arguments, info);
  void* const target = va_arg(arguments, void*);
  va_end(arguments);
  return real(handle, info, target);
}

#pragma clang diagnostic pop

curl_slist* curl_slist_append(curl_slist* list, char const* text) {
  static auto* const real = find<curl_slist*(curl_slist*, char const*)>("curl_slist_append");
  return real == nullptr ? nullptr : real(list, text);
}

void curl_slist_free_all(curl_slist* list) {
  static auto* const real = find<void(curl_slist*)>("curl_slist_free_all");
  if (list != nullptr) real(list);
}

}  // extern "C"

// SPDX-License-Identifier: Apache-2.0
// The functions of libcurl that this program calls, each forwarded to the real one, which is loaded
// at the first use. Linked in the ordinary way, libcurl and the libraries behind it are mapped and
// relocated at every start, also for `agentweave --version` and for a sidecar that never calls out
// over it (docs/decisions/startup.md has the figures).
//
// A caller includes <curl/curl.h> and links aw_curl; a function that is missing here is an error of
// the linker. When the library is not on the machine every function says what it says when it
// cannot start: null, or CURLE_FAILED_INIT. Any thread may call.
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

// The declaration gives the type, `missing` the answer when there is no library.
template <class Result, class... Given, class... Parameters>
Result forward(Result (*real)(Parameters...), Result missing, Given... arguments) {
  return real == nullptr ? missing : real(arguments...);
}

// libcurl's header hides these two behind macros of the same name.
using SetOption = CURLcode(CURL*, CURLoption, ...);
using GetInfo = CURLcode(CURL*, CURLINFO, ...);

}  // namespace

// One name, said once: the type comes from libcurl's header.
#define AW_REAL(name) \
  static auto* const real = find<decltype(name)>(#name)  // NOLINT(bugprone-macro-parentheses)

extern "C" {

CURLcode curl_global_init(long flags) {
  AW_REAL(curl_global_init);
  return forward(real, CURLE_FAILED_INIT, flags);
}

CURL* curl_easy_init() {
  AW_REAL(curl_easy_init);
  return forward(real, static_cast<CURL*>(nullptr));
}

void curl_easy_reset(CURL* handle) {
  AW_REAL(curl_easy_reset);
  if (real != nullptr) real(handle);
}

void curl_easy_cleanup(CURL* handle) {
  AW_REAL(curl_easy_cleanup);
  if (real != nullptr) real(handle);
}

CURLcode curl_easy_perform(CURL* handle) {
  AW_REAL(curl_easy_perform);
  return forward(real, CURLE_FAILED_INIT, handle);
}

CURLcode curl_easy_send(CURL* handle, void const* bytes, std::size_t size, std::size_t* sent) {
  AW_REAL(curl_easy_send);
  return forward(real, CURLE_FAILED_INIT, handle, bytes, size, sent);
}

char const* curl_easy_strerror(CURLcode code) {
  AW_REAL(curl_easy_strerror);
  return forward(real, "libcurl is not installed", code);
}

// The parameter before the dots is an enum, as libcurl declares it: clang warns that it might be
// promoted; it is as wide as an unsigned int here, so it is not. Every value is a long, a
// curl_off_t or a pointer: one machine word.
static_assert(sizeof(CURLoption) == sizeof(unsigned) && sizeof(CURLINFO) == sizeof(unsigned));
static_assert(sizeof(long) == sizeof(void*) && sizeof(curl_off_t) == sizeof(void*));
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wvarargs"

CURLcode(curl_easy_setopt)(CURL* handle, CURLoption option, ...) {
  static auto* const real = find<SetOption>("curl_easy_setopt");
  va_list arguments;
  va_start(arguments, option);
  void* const value = va_arg(arguments, void*);
  va_end(arguments);
  return real == nullptr ? CURLE_FAILED_INIT : real(handle, option, value);
}

CURLcode(curl_easy_getinfo)(CURL* handle, CURLINFO info, ...) {
  static auto* const real = find<GetInfo>("curl_easy_getinfo");
  va_list arguments;
  va_start(arguments, info);
  void* const target = va_arg(arguments, void*);
  va_end(arguments);
  return real == nullptr ? CURLE_FAILED_INIT : real(handle, info, target);
}

#pragma clang diagnostic pop

curl_slist* curl_slist_append(curl_slist* list, char const* text) {
  AW_REAL(curl_slist_append);
  return forward(real, static_cast<curl_slist*>(nullptr), list, text);
}

void curl_slist_free_all(curl_slist* list) {
  AW_REAL(curl_slist_free_all);
  if (real != nullptr) real(list);
}

CURLM* curl_multi_init() {
  AW_REAL(curl_multi_init);
  return forward(real, static_cast<CURLM*>(nullptr));
}

CURLMcode curl_multi_cleanup(CURLM* multi) {
  AW_REAL(curl_multi_cleanup);
  return forward(real, CURLM_INTERNAL_ERROR, multi);
}

CURLMcode curl_multi_add_handle(CURLM* multi, CURL* handle) {
  AW_REAL(curl_multi_add_handle);
  return forward(real, CURLM_INTERNAL_ERROR, multi, handle);
}

CURLMcode curl_multi_remove_handle(CURLM* multi, CURL* handle) {
  AW_REAL(curl_multi_remove_handle);
  return forward(real, CURLM_INTERNAL_ERROR, multi, handle);
}

CURLMcode curl_multi_perform(CURLM* multi, int* running) {
  AW_REAL(curl_multi_perform);
  return forward(real, CURLM_INTERNAL_ERROR, multi, running);
}

CURLMcode curl_multi_poll(CURLM* multi, curl_waitfd* extra, unsigned count, int timeout_ms,
                          int* ready) {
  AW_REAL(curl_multi_poll);
  return forward(real, CURLM_INTERNAL_ERROR, multi, extra, count, timeout_ms, ready);
}

CURLMcode curl_multi_wakeup(CURLM* multi) {
  AW_REAL(curl_multi_wakeup);
  return forward(real, CURLM_INTERNAL_ERROR, multi);
}

CURLMsg* curl_multi_info_read(CURLM* multi, int* queued) {
  AW_REAL(curl_multi_info_read);
  return forward(real, static_cast<CURLMsg*>(nullptr), multi, queued);
}

}  // extern "C"

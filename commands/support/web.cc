// SPDX-License-Identifier: Apache-2.0
#include "commands/support/web.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace aw::commands {
namespace {

constexpr std::size_t kMaxBody = 16U << 20;

struct CurlCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

struct SlistCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// A short count makes curl stop with CURLE_WRITE_ERROR.
std::size_t take_body(char* bytes, std::size_t one, std::size_t count, void* target) {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + one * count > kMaxBody) return 0;
  body.append(bytes, one * count);
  return one * count;
}

Error failure(CURLcode code, std::string const& url) {
  // What follows the question mark may be an admin token.
  std::string const what = "get " + url.substr(0, url.find('?')) + ": ";
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return make_error(Code::usage, what + "not an http:// address",
                        url.starts_with("https://")
                            ? "a port with TLS wants to know who asks: `agentweave ping AGENT`"
                            : "");
    case CURLE_OPERATION_TIMEDOUT:
      return make_error(Code::timeout, what + "no answer in time");
    case CURLE_WRITE_ERROR:
      return make_error(Code::too_large, what + "the answer passes 16 MiB");
    case CURLE_COULDNT_RESOLVE_HOST:
      return make_error(Code::connect, what + "no such host", "write http://HOST:PORT");
    case CURLE_COULDNT_CONNECT:
      return make_error(Code::connect, what + "cannot connect",
                        "is the agent running, with observability.metrics.enabled?");
    default:
      return make_error(Code::protocol, what + curl_easy_strerror(code));
  }
}

// `body`: null for a GET.
Result<WebAnswer> web_ask(std::string const& url, std::string const* body,
                          std::chrono::nanoseconds timeout) {
  std::unique_ptr<CURL, CurlCloser> const curl(curl_easy_init());
  if (!curl) return make_error(Code::internal, "libcurl cannot start");
  WebAnswer answer;
  auto const milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(1, milliseconds)));
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  std::unique_ptr<curl_slist, SlistCloser> const headers(
      curl_slist_append(nullptr, "content-type: application/json"));
  if (body != nullptr) {
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(body->size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body->c_str());
  }
  if (auto const code = curl_easy_perform(curl.get()); code != CURLE_OK) return failure(code, url);
  curl_off_t microseconds = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  curl_easy_getinfo(curl.get(), CURLINFO_TOTAL_TIME_T, &microseconds);
  answer.duration = std::chrono::microseconds(microseconds);
  return answer;
}

}  // namespace

Result<WebAnswer> web_get(std::string const& url, std::chrono::nanoseconds timeout) {
  return web_ask(url, nullptr, timeout);
}

Result<WebAnswer> web_post(std::string const& url, std::string const& json,
                           std::chrono::nanoseconds timeout) {
  return web_ask(url, &json, timeout);
}

}  // namespace aw::commands

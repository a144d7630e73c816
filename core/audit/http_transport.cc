// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>

#include "core/audit/transport.h"

namespace aw::audit {
namespace {

constexpr long kConnectMilliseconds = 3000;
constexpr long kTotalMilliseconds = 10'000;

std::size_t discard(char* /*data*/, std::size_t size, std::size_t count, void* /*user*/) {
  return size * count;
}

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(Destination const& destination)
      : url_(destination.url), name_(destination.name), curl_(curl_easy_init()) {
    headers_ = curl_slist_append(headers_, "content-type: application/x-ndjson");
    headers_ = curl_slist_append(headers_, "expect:");
  }
  ~HttpTransport() override {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  HttpTransport(HttpTransport const&) = delete;
  HttpTransport& operator=(HttpTransport const&) = delete;

  Result<void> deliver(std::span<const std::string> lines) override {
    if (curl_ == nullptr) return make_error(Code::audit_unavailable, "no http client");
    std::string body;
    for (auto const& line : lines) body.append(line).push_back('\n');
    prepare(body);
    auto const sent = curl_easy_perform(curl_);
    if (sent != CURLE_OK) {
      return make_error(Code::audit_unavailable,
                        "post to " + name_ + ": " + curl_easy_strerror(sent));
    }
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 != 2) {
      return make_error(Code::audit_unavailable,
                        "post to " + name_ + ": answered " + std::to_string(status));
    }
    return {};
  }

 private:
  void prepare(std::string const& body) {
    curl_easy_reset(curl_);  // keeps the connection
    curl_easy_setopt(curl_, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &discard);
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, kTotalMilliseconds);
  }

  std::string const url_;
  std::string const name_;
  CURL* curl_;
  curl_slist* headers_ = nullptr;
};

}  // namespace

std::unique_ptr<Transport> http_transport(Destination const& destination) {
  return std::make_unique<HttpTransport>(destination);
}

}  // namespace aw::audit

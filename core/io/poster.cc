// SPDX-License-Identifier: Apache-2.0
#include "core/io/poster.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

#include "core/base/clock.h"

namespace aw::io {
namespace {

constexpr std::size_t kLargestAnswer = 1U << 16U;
constexpr long kUpload = 512L << 10;

std::size_t keep_answer(char* data, std::size_t size, std::size_t count, void* user) {
  auto& answer = *static_cast<std::string*>(user);
  auto const room = kLargestAnswer - std::min(kLargestAnswer, answer.size());
  answer.append(data, std::min(room, size * count));
  return size * count;
}

int overdue(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto const& give_up_at = *static_cast<std::atomic<std::int64_t> const*>(user);
  auto const now = std::chrono::nanoseconds(steady_now().time_since_epoch()).count();
  return now > give_up_at.load(std::memory_order_relaxed) ? 1 : 0;
}

}  // namespace

struct Poster::Impl {
  PosterSpec spec;
  std::atomic<std::int64_t> const& give_up_at;
  CURL* curl = nullptr;
  curl_slist* headers = nullptr;

  void add(std::string const& line) {
    if (auto* const longer = curl_slist_append(headers, line.c_str())) headers = longer;
  }
  // What is the same for every body. Said once: libcurl lets its buffer go when it is told a size.
  void prepare() const;
};

void Poster::Impl::prepare() const {
  curl_easy_setopt(curl, CURLOPT_URL, spec.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  // Batches are a few hundred kilobytes: in one write, not in six with a look at the socket each.
  curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, kUpload);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &keep_answer);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &overdue);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &give_up_at);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(spec.timeout.count()));
  if (!spec.ca_path.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, spec.ca_path.c_str());
}

Poster::Poster(PosterSpec spec, std::atomic<std::int64_t> const& give_up_at)
    : impl_(new Impl{.spec = std::move(spec), .give_up_at = give_up_at}) {
  impl_->curl = curl_easy_init();
  for (auto const& line : impl_->spec.headers) impl_->add(line);
  impl_->add("expect:");
  if (impl_->curl != nullptr) impl_->prepare();
}

Poster::~Poster() {
  curl_slist_free_all(impl_->headers);
  curl_easy_cleanup(impl_->curl);
}

Poster::Answer Poster::post(std::string_view body) {
  if (impl_->curl == nullptr) return {.body = "libcurl is not installed"};
  Answer out;
  // Without a pointer libcurl would read the body from elsewhere.
  curl_easy_setopt(impl_->curl, CURLOPT_POSTFIELDS, body.empty() ? "" : body.data());
  curl_easy_setopt(impl_->curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(impl_->curl, CURLOPT_WRITEDATA, &out.body);
  auto const done = curl_easy_perform(impl_->curl);
  if (done != CURLE_OK) return {.body = curl_easy_strerror(done)};
  out.sent = true;
  curl_easy_getinfo(impl_->curl, CURLINFO_RESPONSE_CODE, &out.status);
  curl_off_t seconds = 0;
  curl_easy_getinfo(impl_->curl, CURLINFO_RETRY_AFTER, &seconds);
  out.wait =
      std::min<std::chrono::milliseconds>(impl_->spec.longest_wait, std::chrono::seconds(seconds));
  return out;
}

}  // namespace aw::io

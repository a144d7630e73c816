// SPDX-License-Identifier: Apache-2.0
#include "core/trace/exporter.h"

#include <curl/curl.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/text.h"

namespace aw::trace {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLastWords{2000};
constexpr int kMostTries = 4;
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{10'000};
constexpr std::size_t kLargestAnswer = 1U << 16U;

std::int64_t steady_nanoseconds(SteadyTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

// OTLP/HTTP §failures: only these may be tried again.
bool may_pass(long status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::size_t keep(char* data, std::size_t size, std::size_t count, void* user) {
  auto& answer = *static_cast<std::string*>(user);
  auto const room = kLargestAnswer - std::min(kLargestAnswer, answer.size());
  answer.append(data, std::min(room, size * count));
  return size * count;
}

int overdue(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto const& give_up_at = *static_cast<std::atomic<std::int64_t> const*>(user);
  return steady_nanoseconds(steady_now()) > give_up_at.load(std::memory_order_relaxed) ? 1 : 0;
}

}  // namespace

Meters::Meters(metrics::Registry& registry)
    : exported(registry
                   .counter_family("agentweave_trace_spans_exported_total",
                                   "Spans a trace collector took", {})
                   .at({})),
      queue_full(registry
                     .counter_family("agentweave_trace_spans_dropped_total",
                                     "Spans that reached no trace collector, by why", {"reason"})
                     .at({"queue_full"})),
      refused(registry.counter_family("agentweave_trace_spans_dropped_total", "", {"reason"})
                  .at({"refused"})),
      unsent(registry.counter_family("agentweave_trace_spans_dropped_total", "", {"reason"})
                 .at({"unsent"})) {}

std::string target_of(Config const& config) {
  if (!config.traces_endpoint.empty()) return config.traces_endpoint;
  std::string base = config.endpoint;
  while (base.ends_with('/')) base.pop_back();
  return base + "/v1/traces";
}

// One handle, so that the connection is kept between batches.
class Exporter::Line {
 public:
  struct Answer {
    bool sent = false;
    long status = 0;
    milliseconds wait{0};  // Retry-After
    std::string body;      // or what went wrong
  };

  Line(Config const& config, std::atomic<std::int64_t> const& give_up_at)
      : config_(config), url_(target_of(config)), give_up_at_(give_up_at), curl_(curl_easy_init()) {
    add("content-type: " + std::string(content_type(config.protocol)));
    add("expect:");
    for (auto const& header : config.headers) {
      auto const equals = header.find('=');
      if (equals != std::string::npos)
        add(header.substr(0, equals) + ": " + header.substr(equals + 1));
    }
  }
  ~Line() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Line(Line const&) = delete;
  Line& operator=(Line const&) = delete;

  Answer post(std::string const& body) {
    Answer out;
    if (curl_ == nullptr) return {.body = "libcurl is not installed"};
    prepare(body, out.body);
    auto const done = curl_easy_perform(curl_);
    if (done != CURLE_OK) return {.body = curl_easy_strerror(done)};
    out.sent = true;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &out.status);
    curl_off_t seconds = 0;
    curl_easy_getinfo(curl_, CURLINFO_RETRY_AFTER, &seconds);
    out.wait = std::min<milliseconds>(kLongestPause, std::chrono::seconds(seconds));
    return out;
  }

 private:
  void add(std::string const& line) {
    if (auto* const longer = curl_slist_append(headers_, line.c_str())) headers_ = longer;
  }

  void prepare(std::string const& body, std::string& answer) {
    curl_easy_reset(curl_);  // keeps the connection
    curl_easy_setopt(curl_, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &keep);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, &overdue);
    curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &give_up_at_);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(config_.timeout_milliseconds));
    if (!config_.ca_path.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, config_.ca_path.c_str());
  }

  Config const& config_;
  std::string const url_;
  std::atomic<std::int64_t> const& give_up_at_;
  CURL* curl_;
  curl_slist* headers_ = nullptr;
};

Exporter::Exporter(Config config, Resource resource, Meters& meters, log::Log& log)
    : config_(std::move(config)),
      resource_(std::move(resource)),
      meters_(meters),
      log_(log),
      give_up_at_(std::numeric_limits<std::int64_t>::max()),
      thread_([this] { work(); }) {}

Exporter::~Exporter() {
  give_up_at_.store(steady_nanoseconds(steady_now() + kLastWords), std::memory_order_relaxed);
  {
    std::scoped_lock const lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Exporter::offer(Span span) {
  bool full_batch = false;
  {
    std::scoped_lock const lock(mutex_);
    if (queue_.size() >= config_.max_queue) return meters_.queue_full.add();
    queue_.push_back(std::move(span));
    full_batch = queue_.size() == config_.max_batch;
  }
  if (full_batch) changed_.notify_one();
}

std::vector<Span> Exporter::next_batch() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, milliseconds(config_.delay_milliseconds),
                    [this] { return ending_ || queue_.size() >= config_.max_batch; });
  auto const count = std::min<std::size_t>(queue_.size(), config_.max_batch);
  auto const end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Span> out(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return out;
}

void Exporter::work() {
  std::unique_ptr<Line> line;  // libcurl is loaded when there is something to send
  while (true) {
    auto const batch = next_batch();
    if (!batch.empty()) {
      if (!line) line = std::make_unique<Line>(config_, give_up_at_);
      deliver(*line, batch);
      continue;
    }
    std::scoped_lock const lock(mutex_);
    if (ending_ && queue_.empty()) return;
  }
}

bool Exporter::pause(milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [this] { return ending_; });
}

void Exporter::deliver(Line& line, std::vector<Span> const& batch) {
  auto const body = encode(config_.protocol, resource_, batch);
  Line::Answer answer;
  auto wait = kFirstPause;
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    if (attempt > 0 && !pause(std::max(wait, answer.wait))) break;
    if (attempt > 0) wait = std::min(wait * 2, kLongestPause);
    answer = line.post(body);
    if (answer.sent && !may_pass(answer.status)) break;
  }
  bool const taken = answer.sent && answer.status / 100 == 2;
  if (taken) {
    auto const lost = static_cast<std::uint64_t>(std::clamp<std::int64_t>(
        rejected_spans(config_.protocol, answer.body), 0, static_cast<std::int64_t>(batch.size())));
    meters_.refused.add(lost);
    meters_.exported.add(batch.size() - lost);
  } else {
    (answer.sent ? meters_.refused : meters_.unsent).add(batch.size());
  }
  if (taken == !failing_) return;
  failing_ = !taken;
  auto const target = target_of(config_);
  if (taken)
    return log_.info(log::Component::agent, "The trace collector takes spans again",
                     {{"endpoint", target}});
  auto const why = answer.sent ? "answered " + std::to_string(answer.status) : answer.body;
  log_.warning(log::Component::agent, "Spans are lost: the trace collector takes none",
               {{"endpoint", target}, {"reason", why}});
}

}  // namespace aw::trace

// SPDX-License-Identifier: Apache-2.0
#include "core/trace/exporter.h"

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

std::int64_t steady_nanoseconds(SteadyTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

// OTLP/HTTP §failures: only these may be tried again.
bool may_pass(long status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
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

namespace {

io::PosterSpec poster_spec(Config const& config) {
  io::PosterSpec out{.url = target_of(config),
                     .headers = {"content-type: " + std::string(content_type(config.protocol))},
                     .ca_path = config.ca_path,
                     .timeout = milliseconds(config.timeout_milliseconds),
                     .longest_wait = kLongestPause};
  for (auto const& header : config.headers) {
    auto const equals = header.find('=');
    if (equals != std::string::npos)
      out.headers.push_back(header.substr(0, equals) + ": " + header.substr(equals + 1));
  }
  return out;
}

}  // namespace

Exporter::Exporter(Config config, Resource const& resource, Meters& meters, log::Log& log)
    : config_(std::move(config)),
      envelope_(config_.protocol, resource),
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

void Exporter::offer(Span const& span) {
  bool full_batch = false;
  {
    std::scoped_lock const lock(mutex_);
    if (queued_ >= config_.max_queue) return meters_.queue_full.add();
    if (queue_.empty() || queue_.back().spans >= config_.max_batch)
      queue_.push_back(envelope_.begin(std::exchange(spare_, {})));
    append(config_.protocol, queue_.back(), span);
    ++queued_;
    full_batch = queue_.back().spans == config_.max_batch;
  }
  if (full_batch) changed_.notify_one();
}

Written Exporter::next_batch() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, milliseconds(config_.delay_milliseconds), [this] {
    return ending_ || (!queue_.empty() && queue_.front().spans >= config_.max_batch);
  });
  if (queue_.empty()) return {};
  auto out = std::move(queue_.front());
  queue_.pop_front();
  queued_ -= out.spans;
  return out;
}

void Exporter::work() {
  std::unique_ptr<io::Poster> line;  // libcurl is loaded when there is something to send
  while (true) {
    auto batch = next_batch();
    if (batch.spans > 0) {
      if (!line) line = std::make_unique<io::Poster>(poster_spec(config_), give_up_at_);
      deliver(*line, batch);
      std::scoped_lock const lock(mutex_);
      spare_ = std::move(batch.bytes);
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

void Exporter::deliver(io::Poster& line, Written& batch) {
  auto const body = envelope_.close(batch);
  io::Poster::Answer answer;
  auto wait = kFirstPause;
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    if (attempt > 0 && !pause(std::max(wait, answer.wait))) break;
    if (attempt > 0) wait = std::min(wait * 2, kLongestPause);
    answer = line.post(body);
    if (answer.sent && !may_pass(answer.status)) break;
  }
  bool const taken = answer.taken();
  if (taken) {
    auto const lost = static_cast<std::uint64_t>(std::clamp<std::int64_t>(
        rejected_spans(config_.protocol, answer.body), 0, static_cast<std::int64_t>(batch.spans)));
    meters_.refused.add(lost);
    meters_.exported.add(batch.spans - lost);
  } else {
    (answer.sent ? meters_.refused : meters_.unsent).add(batch.spans);
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

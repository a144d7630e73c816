// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/uploader.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "core/base/random.h"

namespace aw::decisions {

namespace {

constexpr std::chrono::milliseconds kLastWords{2000};
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{60'000};
constexpr std::chrono::milliseconds kOneUpload{10'000};
// A frame's JSON is about twice as large, and compresses to about a quarter.
constexpr std::size_t kFrameBytesToOne = 2;

std::int64_t nanoseconds_of(SteadyTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

std::chrono::nanoseconds between(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  if (most <= least) return least;
  auto const span = static_cast<std::uint64_t>((most - least).count());
  return least + std::chrono::nanoseconds(static_cast<std::int64_t>(random_u64() % (span + 1)));
}

io::PosterSpec poster_spec(UploadConfig const& config) {
  io::PosterSpec out{.url = upload_target(config),
                     .headers = {"content-type: application/json", "content-encoding: gzip",
                                 "user-agent: agentweave/" AW_VERSION},
                     .ca_path = config.ca_path,
                     .timeout = kOneUpload,
                     .longest_wait = kLongestPause};
  if (!config.token.empty()) out.headers.push_back("authorization: Bearer " + config.token);
  return out;
}

metrics::Counter& dropped(metrics::Registry& registry, std::string const& reason) {
  return registry
      .counter_family("agentweave_decision_logs_dropped_total",
                      "Decisions that reached no decision log service, by why.", {"reason"})
      .at({reason});
}

}  // namespace

UploadMeters::UploadMeters(metrics::Registry& registry)
    : uploaded(registry.counter("agentweave_decision_logs_uploaded_total",
                                "Decisions that a decision log service took.")),
      errors(registry.counter("agentweave_decision_logs_upload_errors_total",
                              "Uploads that a decision log service did not take; each is tried "
                              "again.")),
      overflow(dropped(registry, "buffer_full")),
      too_large(dropped(registry, "too_large")),
      shutdown(dropped(registry, "shutdown")),
      waiting(registry.gauge("agentweave_decision_logs_buffer_bytes",
                             "Decisions that wait to be uploaded.")) {}

std::string upload_target(UploadConfig const& config) {
  std::string base = config.url;
  while (base.ends_with('/')) base.pop_back();
  return base + (config.resource.starts_with('/') ? "" : "/") + config.resource;
}

Result<std::unique_ptr<Uploader>> Uploader::start(UploadConfig config, Config const& decisions,
                                                  Needs needs) {
  AW_TRY(auto masks, Masks::parse(decisions));
  return std::unique_ptr<Uploader>(
      new Uploader(std::move(config), std::move(masks), std::move(needs)));
}

Uploader::Uploader(UploadConfig config, Masks masks, Needs needs)
    : config_(std::move(config)),
      masks_(std::move(masks)),
      needs_(std::move(needs)),
      meters_(needs_.metrics),
      give_up_at_(std::numeric_limits<std::int64_t>::max()),
      thread_([this] { work(); }) {}

Uploader::~Uploader() {
  give_up_at_.store(nanoseconds_of(steady_now() + kLastWords), std::memory_order_relaxed);
  {
    std::scoped_lock const lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Uploader::offer(Fields const& fields) {
  std::string frame;
  append_masked_frame(frame, fields, masks_, needs_.input_of);
  offer_frame(std::move(frame));
}

void Uploader::offer_frame(std::string frame) {
  auto const full = config_.upload_size_limit * kFrameBytesToOne;
  bool wake = false;
  {
    std::scoped_lock const lock(mutex_);
    bool const was_full = queued_bytes_ >= full;
    queued_bytes_ += frame.size();
    queue_.push_back(std::move(frame));
    while (queued_bytes_ > config_.buffer_size_limit && !queue_.empty()) {
      queued_bytes_ -= queue_.front().size();
      queue_.pop_front();
      meters_.overflow.add();
    }
    wake = !was_full && queued_bytes_ >= full;
    meters_.waiting.set(static_cast<double>(queued_bytes_));
  }
  if (wake) changed_.notify_one();
}

std::vector<std::string> Uploader::next_frames() {
  auto const full = config_.upload_size_limit * kFrameBytesToOne;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, between(config_.min_delay, config_.max_delay),
                    [this, full] { return ending_ || queued_bytes_ >= full; });
  std::vector<std::string> out(std::make_move_iterator(queue_.begin()),
                               std::make_move_iterator(queue_.end()));
  queue_.clear();
  queued_bytes_ = 0;
  meters_.waiting.set(0);
  return out;
}

void Uploader::work() {
  std::unique_ptr<io::Poster> poster;  // libcurl is loaded when there is something to send
  while (true) {
    auto const frames = next_frames();
    if (!frames.empty()) {
      if (!poster) poster = std::make_unique<io::Poster>(poster_spec(config_), give_up_at_);
      deliver(*poster, frames);
      continue;
    }
    std::scoped_lock const lock(mutex_);
    if (ending_ && queue_.empty()) return;
  }
}

void Uploader::deliver(io::Poster& poster, std::vector<std::string> const& frames) {
  std::vector<std::string> events;
  events.reserve(frames.size());
  for (auto const& frame : frames) {
    std::string_view bytes = frame;
    if (auto const entry = take_frame(bytes))
      events.push_back(event_json(*entry, needs_.input_of, needs_.agent_name));
    else
      meters_.too_large.add();  // larger than any entry may be
  }
  auto const made = batches_of(events, config_.upload_size_limit);
  meters_.too_large.add(made.too_large);
  for (auto const& batch : made.batches)
    (upload(poster, batch) ? meters_.uploaded : meters_.shutdown).add(batch.events);
}

bool Uploader::upload(io::Poster& poster, Batch const& batch) {
  auto wait = kFirstPause;
  while (true) {
    auto const answer = poster.post(batch.body);
    report(answer);
    if (answer.taken()) return true;
    meters_.errors.add();
    auto const pause_for = std::max<std::chrono::nanoseconds>(between(wait / 2, wait), answer.wait);
    if (!pause(pause_for)) return false;
    wait = std::min(wait * 2, kLongestPause);
  }
}

bool Uploader::pause(std::chrono::nanoseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [this] { return ending_; });
}

void Uploader::report(io::Poster::Answer const& answer) {
  bool const fails = !answer.taken();
  if (fails == failing_) return;
  failing_ = fails;
  auto const target = upload_target(config_);
  if (!fails)
    return needs_.log.info(log::Component::authz, "The decision log service takes decisions again",
                           {{"url", target}});
  auto const why = answer.sent ? "answered " + std::to_string(answer.status) : answer.body;
  needs_.log.warning(log::Component::authz, "Decisions wait: the decision log service takes none",
                     {{"url", target}, {"reason", why}});
}

}  // namespace aw::decisions

// SPDX-License-Identifier: Apache-2.0
#include "core/authz/bundle_poller.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/authz/bundle_archive.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/random.h"

namespace aw::authz {
namespace {

constexpr auto kNotesName = "policy-bundle.json";

std::string hours_text(std::chrono::nanoseconds duration) {
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds >= 7200) return std::to_string(seconds / 3600) + "h";
  if (seconds >= 120) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

std::string text_member(json::Json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

BundlePoller::BundlePoller(BundleConfig config, Needs needs)
    : config_(std::move(config)),
      needs_(std::move(needs)),
      backoff_(std::chrono::seconds(1), config_.polling.max_delay),
      last_answer_(needs_.clock.now()) {}

BundlePoller::~BundlePoller() {
  stopping_.request_stop();
  thread_.request_stop();
  wake_.notify_all();
}

Result<void> BundlePoller::start() {
  auto first = poll();
  if (!first.ok()) {
    if (auto const used = use_kept(); used.ok()) {
      needs_.log.warning(log::Component::authz,
                         "the bundle service gave no policy; the last good one is used",
                         {{"error", first.error().text()}});
    }
  }
  thread_ = std::jthread([this](std::stop_token const& stop) { keep_polling(stop); });
  if (needs_.store.latest() == nullptr) return first;
  return {};
}

Result<void> BundlePoller::poll() {
  auto result = look();
  tell_staleness();
  return result;
}

// Once when it begins, again each time as long has passed, and when it is over.
void BundlePoller::tell_staleness() {
  auto const stale = staleness();
  auto const now = needs_.clock.now();
  if (stale.empty()) {
    if (told_)
      needs_.log.info(log::Component::authz, "the bundle service gives good bundles again");
    told_.reset();
    return;
  }
  if (told_ && now - *told_ < config_.max_staleness) return;
  told_ = now;
  needs_.log.error(log::Component::authz, "the policy is older than it may be",
                   {{"why", stale}, {"url", config_.url}});
}

Result<void> BundlePoller::look() {
  auto answer = needs_.source->fetch(etag_, stopping_.get_token());
  if (!answer.ok()) {
    needs_.meters->bundle_fetched(Meters::Fetch::failed);
    needs_.log.debug(log::Component::authz, "no answer from the bundle service",
                     {{"error", answer.error().text()}});
    return std::move(answer).error();
  }
  if (!answer->changed) {
    needs_.meters->bundle_fetched(Meters::Fetch::unchanged);
    answered();
    return {};
  }
  needs_.meters->bundle_fetched(Meters::Fetch::fresh);
  auto archive = std::make_shared<const std::string>(std::move(answer->archive));
  AW_TRY(needs_.store.take_bundle(archive));
  answered();
  etag_ = answer->etag;
  keep(*archive);
  return {};
}

std::chrono::nanoseconds BundlePoller::next_delay(Result<void> const& last) {
  if (!last.ok()) return backoff_.next();
  backoff_.reset();
  auto const span = config_.polling.max_delay - config_.polling.min_delay;
  if (span.count() <= 0) return config_.polling.min_delay;
  auto const extra = random_u64() % (static_cast<std::uint64_t>(span.count()) + 1);
  return config_.polling.min_delay + std::chrono::nanoseconds(static_cast<std::int64_t>(extra));
}

void BundlePoller::keep_polling(std::stop_token const& stop) {
  std::mutex waiting;
  auto delay = next_delay(needs_.store.latest() == nullptr
                              ? Result<void>(make_error(Code::policy_unreadable, "no policy yet"))
                              : Result<void>());
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(waiting);
      wake_.wait_for(lock, stop, delay, [] { return false; });
    }
    if (stop.stop_requested()) return;
    delay = next_delay(poll());  // what failed is in log, metrics and status
  }
}

void BundlePoller::answered() {
  std::lock_guard const lock(mutex_);
  last_answer_ = needs_.clock.now();
}

std::chrono::nanoseconds BundlePoller::age() const {
  std::lock_guard const lock(mutex_);
  return std::max<std::chrono::nanoseconds>(needs_.clock.now() - last_answer_,
                                            std::chrono::nanoseconds(0));
}

std::string BundlePoller::staleness() const {
  auto const silent = age();
  if (config_.max_staleness.count() <= 0 || silent <= config_.max_staleness) return {};
  return "no good bundle from the service for " + hours_text(silent) + " (max " +
         hours_text(config_.max_staleness) + ")";
}

void BundlePoller::measure() const { needs_.meters->bundle_age(age(), config_.max_staleness); }

// The archive first: notes without it would claim what is not there.
void BundlePoller::keep(std::string const& archive) const {
  if (needs_.state_directory.empty()) return;
  std::filesystem::path const directory(needs_.state_directory);
  json::Json const notes = {
      {"url", config_.url}, {"etag", etag_}, {"fetched", format_rfc3339(needs_.clock.now())}};
  auto kept = fs::make_private_directory(directory);
  if (kept.ok()) {
    kept = fs::write_file_atomic(directory / kKeptBundle, archive, fs::Mode::private_file);
  }
  if (kept.ok()) {
    kept = fs::write_file_atomic(directory / kNotesName, notes.dump(), fs::Mode::private_file);
  }
  if (kept.ok()) return;
  needs_.log.failed(log::Component::authz, log::Level::warning, "the bundle could not be kept",
                    kept.error());
}

Result<BundlePoller::Kept> BundlePoller::kept() const {
  std::filesystem::path const directory(needs_.state_directory);
  AW_TRY(auto const text, fs::read_file(directory / kNotesName, 1U << 16));
  AW_TRY(auto const notes, json::parse(text));
  auto const fetched = parse_rfc3339(text_member(notes, "fetched"));
  if (!notes.is_object() || text_member(notes, "url") != config_.url || !fetched) {
    return make_error(Code::policy_unreadable, "the kept bundle is from another service");
  }
  AW_TRY(auto archive, fs::read_file(directory / kKeptBundle, ArchiveLimits{}.packed));
  return Kept{.archive = std::make_shared<const std::string>(std::move(archive)),
              .etag = text_member(notes, "etag"),
              .fetched = *fetched};
}

Result<void> BundlePoller::use_kept() {
  if (needs_.state_directory.empty()) return make_error(Code::not_found, "nothing is kept");
  AW_TRY(auto const found, kept());
  AW_TRY(needs_.store.take_bundle(found.archive));
  etag_ = found.etag;
  std::lock_guard const lock(mutex_);
  // A clock that ran ahead when it was kept must not silence the alarm until then.
  last_answer_ = std::min(found.fetched, needs_.clock.now());
  return {};
}

}  // namespace aw::authz

// SPDX-License-Identifier: Apache-2.0
#include "core/audit/sealer.h"

#include <algorithm>
#include <utility>

namespace aw::audit {
namespace {

// How often the thread looks, and so how many signatures a second there can be at the most: an
// RSA key needs about a millisecond for one.
constexpr auto kLook = std::chrono::milliseconds(100);
constexpr int kTries = 3;

}  // namespace

Sealer::Sealer(Needs needs)
    : needs_(std::move(needs)),
      made_(needs_.metrics.counter("agentweave_audit_checkpoints_total",
                                   "Signed checkpoints of the audit log.")),
      errors_(needs_.metrics.counter("agentweave_audit_checkpoint_errors_total",
                                     "Checkpoints that could not be signed or recorded.")),
      last_(needs_.metrics.gauge("agentweave_audit_last_checkpoint_timestamp_seconds",
                                 "When the audit log was signed last.")),
      at_(needs_.clock.steady()) {
  thread_ = std::jthread([this](std::stop_token const& stop) { keep_sealing(stop); });
}

Sealer::~Sealer() { stop(); }

void Sealer::stop() {
  thread_.request_stop();
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::string> Sealer::sign(Standing const& standing, SealReason why) {
  auto const svid = needs_.signer();
  if (!svid) return make_error(Code::no_svid, "no SVID to sign the audit log with");
  auto const key = svid->leaf().fingerprint_sha256();
  bool const told = key == key_ && told_ >= standing.segment;
  Statement statement{.log = needs_.log_id,
                      .why = why,
                      .records = standing.head.seq,
                      .head = standing.head.hash,
                      .first = standing.first,
                      .time = needs_.clock.now(),
                      .every = std::chrono::ceil<std::chrono::seconds>(needs_.config.max_age)};
  AW_TRY(auto members,
         checkpoint_members(std::move(statement), *svid,
                            told ? Chained::without : Chained::with_chain, needs_.agent_name));
  if (!told) {
    key_ = key;
    told_ = 0;  // until it is in the chain
  }
  return members;
}

void Sealer::sealed(std::uint64_t seq) {
  if (told_ == 0) told_ = seq;
  seq_ = seq;
  at_ = needs_.clock.steady();
  made_.add();
  last_.set(std::chrono::duration<double>(needs_.clock.now().time_since_epoch()).count());
}

Result<void> Sealer::seal(SealReason why) {
  std::lock_guard const one(sealing_);
  for (int i = 0;; ++i) {
    auto const standing = needs_.standing();
    bool const news = standing.head.seq > seq_;
    bool const always = why == SealReason::periodic || why == SealReason::start;
    if (!news && !always) return {};
    AW_TRY(auto const members, sign(standing, why));
    auto const seq = needs_.append(members, standing.head.seq);
    if (seq.ok()) {
      sealed(*seq);
      return {};
    }
    if (i == kTries) return seq.error();
  }
}

void Sealer::seal_soon(SealReason why) {
  {
    std::lock_guard const lock(mutex_);
    wanted_ = why;
  }
  wake_.notify_all();
}

std::optional<SealReason> Sealer::due(Standing const& standing) {
  {
    std::lock_guard const lock(mutex_);
    if (wanted_) return std::exchange(wanted_, std::nullopt);
  }
  std::lock_guard const one(sealing_);
  // Also when nothing happened: a log whose end was cut off shows by its last one being too old.
  if (needs_.clock.steady() - at_ >= needs_.config.max_age) return SealReason::periodic;
  if (standing.head.seq <= seq_) return std::nullopt;
  if (told_ != 0 && told_ < standing.segment) return SealReason::file;
  if (standing.head.seq - seq_ >= needs_.config.max_records) return SealReason::periodic;
  return std::nullopt;
}

void Sealer::keep_sealing(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    if (auto const why = due(needs_.standing())) report(seal(*why));
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kLook, [this] { return wanted_.has_value(); });
  }
}

// Said once an outage: the records themselves are safe, only not yet vouched for.
void Sealer::report(Result<void> const& result) {
  if (result.ok()) {
    failing_ = false;
    return;
  }
  errors_.add();
  if (std::exchange(failing_, true)) return;
  needs_.log.failed(log::Component::audit, log::Level::error, "audit log not signed",
                    result.error());
}

}  // namespace aw::audit

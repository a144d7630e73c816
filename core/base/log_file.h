// SPDX-License-Identifier: Apache-2.0
// The log in a file that others may move away: rotation needs no signal and no restart. Inside
// log.cc only.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <mutex>
#include <string>

#include "core/base/clock.h"
#include "core/base/fs.h"

namespace aw::log {

// Appends; one write(2) a line. A second after its file was moved or removed, the next line begins
// a new one; while that cannot be made, the old one is written on.
// Any thread, as every spdlog sink.
class LogFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Makes the file, and the directories above it for our user alone. Throws spdlog_ex, also where
  // something else than a file or a device is there (a FIFO). `clock` outlives the sink.
  LogFile(std::string path, Clock const& clock);

 protected:
  void sink_it_(spdlog::details::log_msg const& message) override;
  void flush_() override {}

 private:
  static constexpr std::chrono::seconds kLookEvery{1};

  void follow();

  std::string const path_;
  Clock const& clock_;
  Fd file_;
  SteadyTime looked_;
};

}  // namespace aw::log

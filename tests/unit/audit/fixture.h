// SPDX-License-Identifier: Apache-2.0
// What the audit tests stand on: a directory that goes away, a clock that stands still, a disk that
// fills up.
#pragma once

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/audit/file_sink.h"
#include "core/audit/log.h"
#include "core/audit/verify.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/metrics/registry.h"
#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace aw::audit {

using testing::TempDir;

using testing::ManualClock;

inline constexpr std::string_view kNow = "2026-11-23T15:33:12.041Z";

// A disk with so much room and no more.
class SmallDisk final : public FileCalls {
 public:
  std::int64_t room = 1 << 20;
  int truncate_fails = 0;

  std::int64_t write(int fd, std::string_view bytes) override {
    if (room <= 0) {
      errno = ENOSPC;
      return -1;
    }
    auto const n = FileCalls::write(fd, bytes.substr(0, static_cast<std::size_t>(room)));
    if (n > 0) room -= n;
    return n;
  }
  int truncate(int fd, std::uint64_t size) override {
    if (truncate_fails > 0) {
      --truncate_fails;
      errno = EIO;
      return -1;
    }
    return FileCalls::truncate(fd, size);
  }
};

inline std::string slurp(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void spit(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

inline std::vector<std::string> lines_of(std::filesystem::path const& path) {
  std::vector<std::string> out;
  std::ifstream in(path, std::ios::binary);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// `action` lives until the event is recorded.
inline Event decision_event(std::string_view action) {
  return {.type = EventType::auth_check,
          .audit_id = "a-1",
          .decision_id = "d-1",
          .caller = "spiffe://corp.example/agent/planner",
          .callee = "spiffe://corp.example/agent/billing",
          .action = action,
          .decision = Decision::deny,
          .reason = "no_matching_rule",
          .code = Code::denied_by_policy};
}

// Everything an AuditLog needs, and a way to open one on a single file.
struct Bench {
  TempDir directory;
  ManualClock clock{*parse_rfc3339(kNow)};
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  metrics::Registry registry;

  [[nodiscard]] AuditLog::Needs needs() {
    return {.clock = clock,
            .log = *quiet,
            .metrics = registry,
            .agent_name = "billing",
            .state_directory = directory.path().string()};
  }
  [[nodiscard]] std::filesystem::path file() const { return directory / "audit.log"; }
  [[nodiscard]] Config config() const {
    Config out;
    out.destinations = {"file://" + file().string()};
    return out;
  }
  [[nodiscard]] std::unique_ptr<AuditLog> open(Config const& given) {
    auto log = AuditLog::open(given, needs());
    return log.ok() ? std::move(*log) : nullptr;
  }
  [[nodiscard]] std::unique_ptr<AuditLog> open() { return open(config()); }
  [[nodiscard]] VerifyReport verify(std::uint64_t from = 1) const {
    auto files = rotated_files(file());
    files.push_back(file());
    auto report = verify_files(files, {.from = from});
    return report.ok() ? *report : VerifyReport{.broken = Break{.reason = report.error().text()}};
  }
};

}  // namespace aw::audit

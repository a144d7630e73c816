// needs: aw_server
// SPDX-License-Identifier: Apache-2.0
// What a crash, or somebody else, left in the journal of nonces that were seen.
#include "core/server/replay_journal.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "tests/support/temp_dir.h"

namespace {

constexpr std::size_t kRecord = 48;

std::vector<std::string> read_all(std::filesystem::path const& directory, aw::Clock const& clock,
                                  aw::server::ReplayEntry const* more) {
  std::vector<std::string> out;
  auto journal = aw::server::ReplayJournal::open(
      directory, std::chrono::hours(1), clock, [&out](aw::server::ReplayEntry const& entry) {
        std::string one(entry.caller.data(), entry.caller.size());
        one.append(entry.nonce.data(), entry.nonce.size());
        out.push_back(one + std::to_string(entry.expires_ms));
      });
  if (!journal.ok()) __builtin_trap();
  if (more != nullptr && !(*journal)->append(*more).ok()) __builtin_trap();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  aw::testing::TempDir const place;  // an input's own: libFuzzer ends without destructors
  static aw::SystemClock const clock;
  auto const directory = place / "journal";
  if (!aw::fs::make_private_directory(directory).ok()) __builtin_trap();
  std::ofstream(directory / "replay-0.journal", std::ios::binary)
      .write(reinterpret_cast<char const*>(data), static_cast<std::streamsize>(size));
  aw::server::ReplayEntry entry;
  entry.caller.fill('c');
  entry.expires_ms = 7;
  auto const first = read_all(directory, clock, &entry);
  if (first.size() > size / kRecord) __builtin_trap();
  // Read again it says the same, and then what was written since: nothing hides what stands behind.
  auto const again = read_all(directory, clock, nullptr);
  if (again.size() != first.size() + 1) __builtin_trap();
  for (std::size_t i = 0; i < first.size(); ++i)
    if (again[i] != first[i]) __builtin_trap();
  return 0;
}

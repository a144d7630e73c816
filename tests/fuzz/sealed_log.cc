// needs: aw_audit
// SPDX-License-Identifier: Apache-2.0
// A signed audit log in the hands of somebody without its key: whatever is edited, dropped,
// swapped, inserted or cut off, and however well the chain is repaired afterwards, verification
// sees it; and a log that is as it was stays whole.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/audit/signing.h"

namespace {

using namespace aw;
using namespace aw::audit;
using Lines = std::vector<std::string>;

struct Sealed {
  SigningDomain domain;
  identity::Svid svid = domain.svid();
  Lines lines = make_lines();
  VerifyOptions options{.trust = {.bundles = domain.bundles(), .signer = {}, .log = {}},
                        .now = *parse_rfc3339(kNow)};

  // Twenty records, sealed after every fourth and at the end.
  [[nodiscard]] Lines make_lines() {
    Bench bench;
    auto log = bench.open();
    log->sign_with({.max_records = 30'000, .max_age = std::chrono::hours(9)},
                   [this] { return std::optional(svid); });
    for (int i = 0; i < 20; ++i) {
      if (!log->record(decision_event("action" + std::to_string(i))).ok()) std::abort();
      if (i % 4 == 3 && !log->seal(SealReason::periodic).ok()) std::abort();
    }
    log->close(std::chrono::nanoseconds(0));
    return lines_of(bench.file());
  }
  [[nodiscard]] bool whole(Lines const& copy) const { return verify_lines(copy, options).whole(); }
};

void change(Lines& lines, std::span<const std::uint8_t, 4> how) {
  if (lines.empty()) return;
  auto const at = static_cast<std::ptrdiff_t>(how[1] % lines.size());
  auto const to = static_cast<std::ptrdiff_t>(how[2] % lines.size());
  auto& line = lines[static_cast<std::size_t>(at)];
  switch (how[0] % 8) {
    case 0:
      if (!line.empty())
        line[(std::size_t{how[2]} << 8U | how[3]) % line.size()] ^= 1U << how[3] % 7;
      break;
    case 1:
      lines.erase(lines.begin() + at);
      break;
    case 2:
      std::swap(line, lines[static_cast<std::size_t>(to)]);
      break;
    case 3:
      lines.insert(lines.begin() + to, std::string(line));
      break;
    case 4:
      lines.resize(static_cast<std::size_t>(at));
      break;
    case 5:
      line.resize(line.empty() ? 0 : (std::size_t{how[2]} << 8U | how[3]) % line.size());
      break;
    case 6: {  // another action
      auto const found = line.find("action1");
      if (found != std::string::npos) line[found + 6] = '2';
      break;
    }
    default:
      lines = rechained(lines);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static Sealed const sealed;
  constexpr std::size_t kMostChanges = 12;
  auto copy = sealed.lines;
  for (std::size_t i = 0; i < kMostChanges && size >= 4; ++i, data += 4, size -= 4)
    change(copy, std::span<const std::uint8_t, 4>(data, 4));
  bool const same = copy == sealed.lines;
  if (sealed.whole(copy) != same) std::abort();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// What happened in a drill, line by line, and whether each line is as it should be. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands/support/context.h"

namespace aw::commands {

// told: something that was done; good, bad: something that was seen.
enum class Met : std::uint8_t { told, good, bad };

class Transcript {
 public:
  struct Line {
    std::string time;
    std::string text;
    Met met = Met::told;
  };
  Transcript(std::string name, Context& context);

  void tell(std::string text);
  // `holds`: is it what should be seen?
  void see(std::string text, bool holds);  // NOLINT: the value of a claim, not a mode

  // At least one thing was seen, and nothing that should not be.
  [[nodiscard]] bool behaved() const;
  [[nodiscard]] json::Json json() const;
  void close();  // the verdict's line

 private:
  void add(std::string text, Met met);

  std::string const name_;
  Context& context_;
  std::vector<Line> lines_;
};

}  // namespace aw::commands

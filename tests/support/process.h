// SPDX-License-Identifier: Apache-2.0
// What the kernel says of a process.
#pragma once

#include <sys/types.h>

#include <fstream>
#include <string>

namespace aw::testing {

// A zombie, which only waits to be reaped, does not live. Any thread; does not block.
inline bool lives(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string number;
  std::string name;
  std::string state;
  return (status >> number >> name >> state) && state != "Z";
}

}  // namespace aw::testing

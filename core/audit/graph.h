// SPDX-License-Identifier: Apache-2.0
// Who called whom: the decisions of an audit log as a picture.
//
// Bounded: callers and callees beyond kMostNodes fall together under "…". Pure; one owner.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace aw::audit {

class CallGraph {
 public:
  static constexpr std::size_t kMostNodes = 500;

  // From one caller to one callee.
  struct Edge {
    std::uint64_t allowed = 0;
    std::uint64_t denied = 0;
    std::uint64_t would_deny = 0;
    std::map<std::string, std::uint64_t> actions;  // at most kMostActions
  };
  static constexpr std::size_t kMostActions = 50;

  // A record of the log; what is no decision with a caller and a callee is left out.
  void add(json::Json const& record);

  [[nodiscard]] json::Json json() const;
  // Foreign names are made printable, and cannot leave their label or attribute.
  [[nodiscard]] std::string dot() const;
  [[nodiscard]] std::string mermaid() const;
  // Self-contained: no script, no font, no link. Denied calls are dashed as well as red.
  [[nodiscard]] std::string svg() const;

 private:
  [[nodiscard]] std::string node(std::string const& id);
  [[nodiscard]] std::vector<std::string> nodes() const;

  std::map<std::string, int> known_;
  std::map<std::pair<std::string, std::string>, Edge> edges_;
};

}  // namespace aw::audit

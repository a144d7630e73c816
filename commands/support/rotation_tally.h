// SPDX-License-Identifier: Apache-2.0
// Who moved to another authority while a CA rotates, and what failed meanwhile: told from rounds of
// questions to each agent. Pure; a value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace aw::commands {

class RotationTally {
 public:
  // The authority that signs each agent, by SPIFFE ID; empty = it did not answer.
  using Issuers = std::map<std::string, std::string>;
  struct Move {
    std::string agent;
    std::string from;
    std::string to;
  };
  // All are on `active`, and some came there since the last time all were.
  struct Settled {
    std::uint64_t agents = 0;
    std::uint64_t asked = 0;   // calls while more than one authority stood in the bundle
    std::uint64_t failed = 0;  // of those
  };
  struct News {
    std::vector<Move> moves;
    std::vector<Settled> settled;  // one or none
  };

  // After each round. `authorities`: how many the bundle has.
  [[nodiscard]] News next(Issuers const& agents, std::string const& active,
                          std::size_t authorities);

 private:
  Issuers last_;  // that answered, each with its last word
  bool moving_ = false;
  Settled meanwhile_;
};

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
// Keeps a development issuer federated with another one: follows the other's Workload API and takes
// its bundle over.
//
// One direction; the other process does the same for the way back. The last bundle stays while the
// other is away. One thread of its own; `stop` joins it, twice is fine; the destructor calls it.
#pragma once

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/identity/dev_issuer.h"

namespace aw::identity {

class DevFederation {
 public:
  // `endpoint` is the other's Workload API. `issuer`, `clock` and `log` outlive this.
  DevFederation(DevIssuer& issuer, std::string endpoint, Clock const& clock, log::Log& log);
  ~DevFederation();
  DevFederation(DevFederation const&) = delete;
  DevFederation& operator=(DevFederation const&) = delete;

  // Does not wait for the other to answer. Code::config_out_of_range for a bad address. Once.
  Result<void> start();
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::identity

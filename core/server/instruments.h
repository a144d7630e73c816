// SPDX-License-Identifier: Apache-2.0
// The metrics of the gates and the listener: every series exists, at 0, from the start
// (docs/metrics.md).
//
// Made once; references live as long as the Registry. Any thread.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/code.h"
#include "core/metrics/registry.h"

namespace aw::server {

// error: our fault or the backend's (a status of 500 or more); interrupted: the caller went away
// before its answer was whole, and no gate had denied it; denied: everything else that has a code.
enum class RequestStatus { success, error, denied, interrupted };
inline constexpr std::size_t kRequestStatuses = 4;
enum class PolicyAnswer { allow, deny };

class Instruments {
 public:
  // `registry` outlives it.
  Instruments(metrics::Registry& registry, std::string agent_name,
              std::vector<std::string> const& capabilities);

  struct Ended {
    RequestStatus status = RequestStatus::error;
    double seconds = 0;
    std::string_view trace_id;  // of a trace that is kept; empty otherwise
    double unix_time = 0;       // when it ended
  };
  // Ends one request. Names that are no capability of ours count under "none", so that callers
  // cannot make series.
  void request(std::string_view capability, Ended const& ended);
  // Policy was asked about a capability and answered after so long: under the names that the
  // earlier implementation's dashboards know.
  void decided(std::string_view capability, PolicyAnswer answer, double seconds);
  // A gate said no, and why.
  void refused(Code code);
  // A request ended with something that is not its caller's fault: a gate or the backend failed.
  void failed(Code code);

  metrics::Gauge& in_flight;
  metrics::Gauge& active_connections;
  metrics::Counter& connections;
  metrics::Counter& handshake_failures;
  metrics::Counter& replay_rejections;
  metrics::Counter& claims_dropped;
  metrics::Gauge& insecure_mode;
  metrics::Gauge& ready;

 private:
  // One capability's, by RequestStatus.
  struct Series {
    std::array<metrics::Counter*, kRequestStatuses> requests;
    std::array<metrics::Histogram*, kRequestStatuses> durations;
    std::array<metrics::Counter*, 2> decisions;  // by PolicyAnswer
    metrics::Histogram* checks = nullptr;
  };
  [[nodiscard]] Series const& of(std::string_view capability) const;

  std::map<std::string, Series, std::less<>> series_;
  metrics::Family<metrics::Counter>& refusals_;
  metrics::Family<metrics::Counter>& errors_;
  std::string agent_name_;
};

}  // namespace aw::server

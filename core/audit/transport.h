// SPDX-License-Identifier: Apache-2.0
// Carries records to another machine. Called by one spool's thread; blocks, each call for seconds
// at most.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/audit/destination.h"
#include "core/base/result.h"

namespace aw::audit {

class Transport {
 public:
  virtual ~Transport() = default;
  // All lines (without their newlines), in order, or an error; after an error any of them may have
  // arrived, and all will come again. Error: audit_unavailable.
  [[nodiscard]] virtual Result<void> deliver(std::span<const std::string> lines) = 0;
};

// POSTs each batch as application/x-ndjson; any 2xx is success. No redirects; https is verified
// against the system's trust.
[[nodiscard]] std::unique_ptr<Transport> http_transport(Destination const& destination);

// RFC 5424 messages, facility local0, APP-NAME agentweave-audit: datagrams (RFC 5426, and the
// machine's own socket) or octet-counted (RFC 6587) over tcp and tls (RFC 5425).
[[nodiscard]] std::unique_ptr<Transport> syslog_transport(Destination const& destination,
                                                          std::string host_name);

// One RFC 5424 message around a record's line. Pure.
[[nodiscard]] std::string syslog_message(std::string_view line, std::string_view host_name,
                                         int process);

}  // namespace aw::audit

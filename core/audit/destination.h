// SPDX-License-Identifier: Apache-2.0
// What the configuration's audit destinations mean. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::audit {

// Members that another kind has stay empty. Only `name` may be shown.
struct Destination {
  enum class Kind { standard_output, standard_error, file, syslog, http };
  enum class Transport { local, udp, tcp, tls };  // of syslog
  Kind kind = Kind::file;
  Transport transport = Transport::udp;
  std::string path;        // file; local syslog's socket
  std::string host;        // syslog
  std::uint16_t port = 0;  // syslog
  std::string url;         // http, as given: may hold credentials
  std::string name;        // for people: without credentials
};

// stdout: | stderr: | file:///path | syslog://[host[:port]] (udp; without host the machine's own
// /dev/log) | syslog+tcp:// | syslog+tls:// | http(s)://… Error: config_unsupported, with what
// would work.
[[nodiscard]] Result<Destination> parse_destination(std::string_view text);

}  // namespace aw::audit

// SPDX-License-Identifier: Apache-2.0
// What the program says while it runs: one line an event, as JSON or text, each component with its
// own level.
//
// Given by reference to whoever has something to say; nothing finds it globally. Any thread may
// write; a line is one write(2), so lines never mix. Blocks only as long as the output does. Never
// pass a secret in.
#pragma once

#include <array>
#include <atomic>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.h"
#include "core/base/mask.h"
#include "core/base/result.h"

namespace aw::log {

enum class Level { debug, info, warning, error, critical };
enum class Format { json, text };
enum class Output { standard_error, standard_output, file, syslog };

// The loggers people can set levels for: agentweave.agent, agentweave.identity, …
enum class Component { agent, identity, authz, transport, a2a, audit, config, backend };

// Plain values; the rows of core/config/schema_*.cc fill them.
struct Config {
  Level level = Level::info;
  Format format = Format::json;
  Output output = Output::standard_error;
  std::string file;                      // with Output::file
  std::map<std::string, Level> loggers;  // "agentweave.authz" -> debug; longest prefix wins
};

// A line's facts by name, in the order given. The views need to live for the call only.
using Field = std::pair<std::string_view, std::string_view>;
using Fields = std::initializer_list<Field>;

// Lines carry the time of `clock`, the component, the level, the message and the fields. In text
// form foreign control characters are escaped (text::printable), in JSON they are by its rules;
// so nobody forges a line.
class Log {
 public:
  // Opens a file output at once; Code::io when that fails.
  // `clock` outlives the Log. `agent_name` stands in each JSON line, unless it is empty.
  static Result<std::unique_ptr<Log>> open(Config const& config, Clock const& clock,
                                           std::string agent_name);
  // Throws every line away.
  static std::unique_ptr<Log> silent();
  ~Log();
  Log(Log const&) = delete;
  Log& operator=(Log const&) = delete;

  // For those to whom making the fields costs something; `write` asks by itself. One atomic load.
  [[nodiscard]] bool enabled(Component component, Level level) const;
  void write(Component component, Level level, std::string_view message, Fields fields = {});

  void debug(Component c, std::string_view message, Fields f = {}) {
    write(c, Level::debug, message, f);
  }
  void info(Component c, std::string_view message, Fields f = {}) {
    write(c, Level::info, message, f);
  }
  void warning(Component c, std::string_view message, Fields f = {}) {
    write(c, Level::warning, message, f);
  }
  void error(Component c, std::string_view message, Fields f = {}) {
    write(c, Level::error, message, f);
  }
  // The error's code, message, hint and context as fields.
  void failed(Component component, Level level, std::string_view message, Error const& error);

  // What the mask knows is redacted in every line from now on. Before other threads write.
  void hide(std::shared_ptr<Mask const> mask);

  // On reload: new levels at once, without losing a line.
  // Components that `loggers` does not name get `level`.
  void set_levels(Level level, std::map<std::string, Level> const& loggers);

 private:
  struct Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

[[nodiscard]] std::string_view component_name(Component component);  // "agentweave.authz"
[[nodiscard]] std::string_view level_name(Level level);              // "INFO"

}  // namespace aw::log

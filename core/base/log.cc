// SPDX-License-Identifier: Apache-2.0
#include "core/base/log.h"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>

#include "core/base/json.h"
#include "core/base/log_file.h"
#include "core/base/text.h"

namespace aw::log {
namespace {

constexpr std::array<std::string_view, 8> kComponents = {
    "agentweave.agent", "agentweave.identity", "agentweave.authz",  "agentweave.transport",
    "agentweave.a2a",   "agentweave.audit",    "agentweave.config", "agentweave.backend"};
constexpr std::array<std::string_view, 5> kLevels = {"DEBUG", "INFO", "WARNING", "ERROR",
                                                     "CRITICAL"};
constexpr std::array<spdlog::level::level_enum, 5> kSpdlogLevels = {
    spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err,
    spdlog::level::critical};

// "agentweave" and "agentweave.authz" both match agentweave.authz; "agentweave.au" does not.
bool is_prefix(std::string_view prefix, std::string_view name) {
  return name.starts_with(prefix) && (name.size() == prefix.size() || name[prefix.size()] == '.');
}

Level level_of(std::string_view name, Level fallback, std::map<std::string, Level> const& loggers) {
  std::size_t longest = 0;
  Level level = fallback;
  for (auto const& [prefix, wanted] : loggers) {
    if (prefix.size() >= longest && is_prefix(prefix, name)) {
      longest = prefix.size();
      level = wanted;
    }
  }
  return level;
}

spdlog::sink_ptr make_sink(Config const& config, Clock const& clock) {
  switch (config.output) {
    case Output::standard_error:
      return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    case Output::standard_output:
      return std::make_shared<spdlog::sinks::stdout_sink_mt>();
    case Output::file:
      return std::make_shared<LogFile>(config.file, clock);
    case Output::syslog:
      return std::make_shared<spdlog::sinks::syslog_sink_mt>("agentweave", LOG_PID, LOG_DAEMON,
                                                             false);
  }
  return std::make_shared<spdlog::sinks::null_sink_mt>();
}

}  // namespace

struct Log::Impl {
  SystemClock own_clock;
  Clock const* clock = &own_clock;
  Format format = Format::json;
  std::string agent;
  std::shared_ptr<Mask const> mask;  // shared with whoever teaches it
  std::array<std::atomic<Level>, kComponents.size()> levels{};
  std::shared_ptr<spdlog::logger> out;

  [[nodiscard]] std::string as_json(Component c, Level level, std::string_view message,
                                    auto const& fields) const {
    std::string line;
    json::Writer w(line);
    w.begin_object().member("timestamp", format_rfc3339(clock->now()));
    w.member("level", level_name(level))
        .member("logger", component_name(c))
        .member("message", message);
    if (!agent.empty()) w.member("agent_name", agent);
    for (auto const& [name, value] : fields) w.member(name, value);
    w.end_object();
    return line;
  }

  [[nodiscard]] std::string as_text(Component c, Level level, std::string_view message,
                                    auto const& fields) const {
    std::string line = format_rfc3339(clock->now());
    line.append(" - ")
        .append(component_name(c))
        .append(" - ")
        .append(level_name(level))
        .append(" - ");
    line += text::printable(message);
    for (auto const& [name, value] : fields)
      line.append("  ").append(name).append("=").append(text::printable(value));
    return line;
  }

  void put(Component c, Level level, std::string_view message, auto const& fields) const {
    auto line = format == Format::json ? as_json(c, level, message, fields)
                                       : as_text(c, level, message, fields);
    if (mask) line = mask->applied(line);
    out->log(kSpdlogLevels[static_cast<std::size_t>(level)],
             spdlog::string_view_t(line.data(), line.size()));
  }
};

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(Config const& config, Clock const& clock,
                                       std::string agent_name) {
  auto impl = std::make_unique<Impl>();
  impl->clock = &clock;
  impl->format = config.format;
  impl->agent = std::move(agent_name);
  try {
    impl->out = std::make_shared<spdlog::logger>("agentweave", make_sink(config, clock));
  } catch (spdlog::spdlog_ex const& e) {
    return make_error(Code::io, "open log file " + config.file + ": " + e.what());
  }
  impl->out->set_level(spdlog::level::trace);
  impl->out->set_pattern("%v");
  impl->out->flush_on(spdlog::level::trace);
  std::unique_ptr<Log> log(new Log(std::move(impl)));
  log->set_levels(config.level, config.loggers);
  return log;
}

std::unique_ptr<Log> Log::silent() {
  auto impl = std::make_unique<Impl>();
  impl->out =
      std::make_shared<spdlog::logger>("silent", std::make_shared<spdlog::sinks::null_sink_mt>());
  std::unique_ptr<Log> log(new Log(std::move(impl)));
  log->set_levels(Level::critical, {});
  return log;
}

bool Log::enabled(Component component, Level level) const {
  return level >=
         impl_->levels[static_cast<std::size_t>(component)].load(std::memory_order_relaxed);
}

void Log::write(Component component, Level level, std::string_view message, Fields fields) {
  if (enabled(component, level)) impl_->put(component, level, message, fields);
}

void Log::failed(Component component, Level level, std::string_view message, Error const& error) {
  if (!enabled(component, level)) return;
  std::string const code = code_name(error.code);
  std::vector<Field> fields = {{"code", code}, {"error", error.message}};
  if (!error.hint.empty()) fields.emplace_back("hint", error.hint);
  for (auto const& [name, value] : error.context) fields.emplace_back(name, value);
  impl_->put(component, level, message, fields);
}

void Log::hide(std::shared_ptr<Mask const> mask) { impl_->mask = std::move(mask); }

void Log::set_levels(Level level, std::map<std::string, Level> const& loggers) {
  for (std::size_t i = 0; i < kComponents.size(); ++i) {
    impl_->levels[i].store(level_of(kComponents[i], level, loggers), std::memory_order_relaxed);
  }
}

std::string_view component_name(Component component) {
  return kComponents[static_cast<std::size_t>(component)];
}
std::string_view level_name(Level level) { return kLevels[static_cast<std::size_t>(level)]; }

}  // namespace aw::log

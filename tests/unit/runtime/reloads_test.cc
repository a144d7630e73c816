// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/reloads.h"

#include <doctest/doctest.h>

#include "core/base/fs.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::runtime;

TEST_CASE("a refused reload is in the log, the metrics and health until one is taken over") {
  testing::TempDir scratch;
  SystemClock const clock;
  log::Config config;
  config.output = log::Output::file;
  config.file = (scratch / "agent.log").string();
  auto const log = log::Log::open(config, clock, "a");
  REQUIRE(log.ok());
  metrics::Registry metrics;
  server::Health health;
  Reloads reloads(**log, metrics, health);
  auto const told = [&] { return server::verbose_text(health); };
  CHECK(told().find("[+]configuration ok: in force") != std::string::npos);
  CHECK(metrics.text().find("agentweave_config_reload_errors_total 0") != std::string::npos);

  reloads.refused(make_error(Code::config_unknown_key, "unknown key \"sate\""));
  CHECK(told().find("[+]configuration degraded: AW1003") != std::string::npos);
  CHECK(told().find("sate") == std::string::npos);  // whoever probes learns no key of ours
  CHECK(metrics.text().find("agentweave_config_reload_errors_total 1") != std::string::npos);
  auto const lines = fs::read_file(scratch / "agent.log").value_or(std::string());
  CHECK(lines.find("the one before it stays in force") != std::string::npos);
  CHECK(lines.find("AW1003") != std::string::npos);

  reloads.taken_over(
      {{.key = "server.port", .effect = config::Effect::restart_needed},
       {.key = "observability.logging.level", .effect = config::Effect::reloadable}});
  CHECK(told().find("ok: in force once restarted: server.port\n") != std::string::npos);
  CHECK(metrics.text().find("agentweave_config_reloads_total 1") != std::string::npos);
  reloads.taken_over({});
  CHECK(told().find("[+]configuration ok: in force\n") != std::string::npos);
}

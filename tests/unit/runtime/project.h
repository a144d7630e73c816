// SPDX-License-Identifier: Apache-2.0
// A project that an agent starts from: a directory with a policy that denies everything, an audit
// log and a log file in it. The directory goes with the project, so agents it started go first.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/runtime/runtime.h"
#include "tests/support/temp_dir.h"

namespace aw::runtime::test {

struct Project {
  testing::TempDir scratch;
  SystemClock clock;

  Project() {
    std::filesystem::create_directory(scratch / "policy");
    REQUIRE(fs::write_file_atomic(scratch / "policy/authz.rego",
                                  "package agentweave.authz\nimport rego.v1\n"
                                  "default allow := false\n",
                                  fs::Mode::public_file)
                .ok());
  }

  // The sections that keep an agent inside the directory; `authorization` and `observability` are
  // members to stand in them too, each with a comma behind it.
  [[nodiscard]] std::string sections(std::string const& authorization = {},
                                     std::string const& observability = {}) const {
    return "authorization: {policy_dir: policy, " + authorization +
           "audit: {destination: \"file://" + (scratch / "audit.log").string() +
           "\"}}\n"
           "observability: {" +
           observability + "logging: {output: \"file://" + (scratch / "agent.log").string() +
           "\"}}\n";
  }
  // Fails the test when the text is no valid configuration.
  [[nodiscard]] config::Loaded load(std::string text, std::vector<std::string> overrides) const {
    config::LoadRequest request;
    request.file = (scratch / "config.yaml").string();
    request.text = std::move(text);
    request.overrides = std::move(overrides);
    auto out = config::inspect(request);
    INFO(config::render_text(out.diagnostics));
    REQUIRE(out.ok());
    return out;
  }
  // A development agent on free ports of loopback, and `more` sections.
  [[nodiscard]] config::Loaded loaded(std::string const& more = {},
                                      std::string const& authorization = {}) const {
    return load(
        "agent: {name: a, trust_domain: dev.test, environment: development}\n" +
            sections(authorization) + more,
        {"identity.provider=dev", "identity.dev.socket=" + (scratch / "api.sock").string(),
         "server.workers=1", "server.port=0", "server.host=127.0.0.1", "server.admin.port=0",
         "observability.metrics.port=0", "observability.metrics.host=127.0.0.1"});
  }
  [[nodiscard]] std::unique_ptr<Runtime> start(config::Loaded const& loaded,
                                               Seams seams = {}) const {
    auto started = Runtime::start(loaded, clock, std::move(seams), {});
    INFO((started.ok() ? std::string() : started.error().text()));
    REQUIRE(started.ok());
    return std::move(started).value();
  }
  // What the agent has logged so far.
  [[nodiscard]] std::string log() const {
    return fs::read_file(scratch / "agent.log").value_or(std::string());
  }
};

}  // namespace aw::runtime::test

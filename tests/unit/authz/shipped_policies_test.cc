// SPDX-License-Identifier: Apache-2.0
// The policies that ship: the embedded engine and a real OPA must agree on every one of them.
#include <doctest/doctest.h>

#include <filesystem>

#include "real_opa.h"
#include "tests/support/source_dir.h"

using namespace aw;
using namespace aw::authz;

TEST_CASE("the embedded engine and a real OPA agree on the policies that ship") {
  std::string const policies = testing::source_dir() / "policies";
  auto const data = policies + "/data.example.json";
  // Without their tests, which expect data of their own.
  testing::TempDir directory;
  for (auto const* name : {"default.rego", "federation.rego", "business_hours.rego"}) {
    std::filesystem::copy_file(policies + "/" + name, directory / name);
  }
  RealOpa const opa({policies + "/default.rego", policies + "/federation.rego",
                     policies + "/business_hours.rego", data});
  if (!opa.running()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  for (std::string const path :
       {"agentweave/authz", "agentweave/authz/allow", "agentweave/authz/federation",
        "agentweave/authz/federation/allow"}) {
    CAPTURE(path);
    Remote remote({opa.url()});
    remote.config.timeout = std::chrono::seconds(5);
    remote.config.policy_path = path;
    remote.open();
    Config config;
    config.policy_dir = directory.path().string();
    config.data_files = {data};
    config.policy_path = path;
    config.cache.ttl = {};
    metrics::Registry registry;
    auto embedded = Authorizer::open(
        config, {.clock = remote.clock, .log = *remote.quiet, .metrics = registry}, nullptr);
    REQUIRE_MESSAGE(embedded.ok(), (embedded.ok() ? "" : embedded.error().text()));
    for (std::string const caller :
         {"spiffe://corp.example/agent/planner", "spiffe://example.com/agent/orchestrator",
          "spiffe://corp.example/agent/orchestrator", "spiffe://partner.example.com/agent/client",
          "spiffe://evil.example/agent/orchestrator"}) {
      for (std::string const callee :
           {"spiffe://corp.example/agent/worker", "spiffe://example.com/agent/search"}) {
        for (std::string const action : {"search", "invoice", "delete", "process", ""}) {
          auto context = question(action, caller);
          context.callee = spiffe(callee);
          context.request_id = "r-1";
          auto const far = remote.ask(context);
          auto const near = io::run_blocking((*embedded)->authorize(context));
          CAPTURE(caller);
          CAPTURE(callee);
          CAPTURE(action);
          CHECK(far.allowed() == near.allowed());
          CHECK(far.code == near.code);
          CHECK(far.reason == near.reason);
          CHECK(far.policy_id == near.policy_id);
        }
      }
    }
  }
}

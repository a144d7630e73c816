// SPDX-License-Identifier: Apache-2.0
// `agentweave k8s inject` as a shell would run it.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "commands/support/manifest.h"
#include "commands/support/sidecar.h"
#include "core/base/fs.h"
#include "shell.h"

using aw::commands::inject_sidecar;
using aw::commands::Injected;
using aw::commands::parse_manifest;
using aw::json::Json;
using aw::testing::Shell;

namespace {

constexpr auto kDeployment = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: legacy
  namespace: shop
spec:
  replicas: 2
  selector: {matchLabels: {app: legacy}}
  template:
    metadata: {labels: {app: legacy, version: "1.10"}}
    spec:
      containers:
        - name: legacy-service
          image: legacy-service:latest
          ports: [{containerPort: 9000}]
)";

constexpr auto kConfig = R"(agent:
  name: legacy
  trust_domain: corp.example
  capabilities: [{name: process, description: processes}]
server: {upstream: "http://127.0.0.1:9000"}
outbound: {listen: "127.0.0.1:8081"}
)";

Json document(std::string const& text) {
  auto parts = parse_manifest("m.yaml", text);
  REQUIRE(parts.ok());
  REQUIRE(parts->size() == 1);
  return parts->front().document;
}

Json injected(std::string const& text) {
  auto out = document(text);
  auto const done = inject_sidecar(out, {.image = "i", .config_map = ""});
  REQUIRE(done.ok());
  REQUIRE(*done == Injected::yes);
  return out;
}

}  // namespace

TEST_CASE("a deployment gets a native sidecar that is there before its own containers") {
  auto const pod = injected(kDeployment)["spec"]["template"]["spec"];
  auto const& sidecar = pod["initContainers"][0];
  CHECK(sidecar["name"] == "agentweave");
  CHECK(sidecar["restartPolicy"] == "Always");
  CHECK(sidecar["startupProbe"]["httpGet"]["path"] == "/startupz");
  CHECK(sidecar["readinessProbe"]["httpGet"]["port"] == "metrics");
  CHECK(sidecar["securityContext"]["readOnlyRootFilesystem"] == true);
  CHECK(sidecar["securityContext"]["capabilities"]["drop"] == Json::array({"ALL"}));
  CHECK(pod["volumes"][1]["csi"]["driver"] == "csi.spiffe.io");
  CHECK(pod["volumes"][0]["configMap"]["name"] == "legacy-agentweave");
  CHECK(pod["terminationGracePeriodSeconds"] == 40);
  CHECK(pod["containers"][0]["env"][0]["name"] == "AGENTWEAVE_OUTBOUND");
  CHECK(pod["containers"][0]["image"] == "legacy-service:latest");
}

TEST_CASE("what has no name yet is called by what its name will begin with") {
  CHECK(aw::commands::workload_name(document("metadata: {name: a, generateName: b-}\n")) == "a");
  CHECK(aw::commands::workload_name(document("metadata: {generateName: report-}\n")) == "report");
  CHECK(aw::commands::workload_name(document("metadata: {generateName: \"-\"}\n")) == "workload");
  CHECK(aw::commands::workload_name(document("metadata: 3\n")) == "workload");
}

TEST_CASE("every kind that has pods gets one; what has none passes through") {
  for (auto const* const kind : {"StatefulSet", "DaemonSet", "ReplicaSet", "Job"}) {
    Json out = {{"kind", kind}, {"metadata", {{"name", "x"}}}};
    out["spec"]["template"]["spec"]["containers"] = Json::array({{{"name", "a"}}});
    CHECK(inject_sidecar(out, {.image = "i", .config_map = ""}).value() == Injected::yes);
  }
  Json pod = {{"kind", "Pod"}, {"spec", {{"containers", Json::array({{{"name", "a"}}})}}}};
  CHECK(inject_sidecar(pod, {.image = "i", .config_map = "c"}).value() == Injected::yes);
  CHECK(pod["spec"]["volumes"][0]["configMap"]["name"] == "c");
  Json cron = {{"kind", "CronJob"}, {"metadata", {{"name", "x"}}}};
  cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"] =
      Json::array({{{"name", "a"}}});
  CHECK(inject_sidecar(cron, {.image = "i", .config_map = ""}).value() == Injected::yes);
  for (auto const* const text : {R"({"kind":"Service"})", R"({"kind":7})", "[]", "null", "3"}) {
    Json other = Json::parse(text);
    CHECK(inject_sidecar(other, {.image = "i", .config_map = ""}).value() ==
          Injected::not_a_workload);
  }
}

TEST_CASE(
    "an annotation keeps the sidecar out; the pod template's word counts before the workload's") {
  struct Row {
    std::string_view workload;
    std::string_view pods;
    Injected result;
  };
  for (auto const& row : {
           Row{"{}", "{}", Injected::yes},
           Row{R"({"agentweave.io/inject":"disabled"})", "{}", Injected::opted_out},
           Row{"{}", R"({"agentweave.io/inject":"false"})", Injected::opted_out},
           Row{"{}", R"({"agentweave.io/inject":false})", Injected::opted_out},
           Row{R"({"agentweave.io/inject":"disabled"})", R"({"agentweave.io/inject":"enabled"})",
               Injected::yes},
           Row{R"({"agentweave.io/inject":"true"})", R"({"agentweave.io/inject":"disabled"})",
               Injected::opted_out},
           Row{R"({"other/inject":"disabled"})", "null", Injected::yes},
       }) {
    CAPTURE(row.workload);
    CAPTURE(row.pods);
    auto out = document(kDeployment);
    out["metadata"]["annotations"] = Json::parse(row.workload);
    out["spec"]["template"]["metadata"]["annotations"] = Json::parse(row.pods);
    auto const before = out;
    CHECK(inject_sidecar(out, {.image = "i", .config_map = ""}).value() == row.result);
    if (row.result != Injected::yes) CHECK(out == before);
  }
  Json pod = {{"kind", "Pod"}, {"metadata", {{"name", "p"}}}};
  pod["metadata"]["annotations"]["agentweave.io/inject"] = "maybe";
  pod["spec"]["containers"] = Json::array({{{"name", "a"}}});
  auto const unclear = inject_sidecar(pod, {.image = "i", .config_map = ""});
  REQUIRE_FALSE(unclear.ok());
  CHECK(unclear.error().message == "p: annotation agentweave.io/inject is \"maybe\"");
  pod["metadata"]["annotations"]["agentweave.io/inject"] = "disabled";
  pod["spec"]["hostNetwork"] = true;  // what cannot have one may still be left out
  CHECK(inject_sidecar(pod, {.image = "i", .config_map = ""}).value() == Injected::opted_out);
}

TEST_CASE("what is written can be read again, and means the same") {
  Shell shell;
  std::ofstream("sidecar.yaml") << kConfig;
  shell.input =
      std::string(kDeployment) +
      "---\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    args:\n"
      "    - [x]\n    - |\n      set -e\n      echo \"a: b\"\n    - \"  lead\\n\"\n    - '- a'\n";
  auto const ran = shell.run("agentweave k8s inject -f - --config sidecar.yaml");
  REQUIRE(ran.exit == 0);
  CHECK(ran.out.find("  config.yaml: |\n    agent:\n      name: legacy\n") != std::string::npos);
  auto const parts = parse_manifest("out", ran.out);
  REQUIRE(parts.ok());
  REQUIRE(parts->size() == 4);
  CHECK((*parts)[0].document["data"]["config.yaml"] == kConfig);
  CHECK((*parts)[3].document["spec"]["containers"][0]["args"] ==
        Json::array({Json::array({"x"}), "set -e\necho \"a: b\"\n", "  lead\n", "- a"}));
}

TEST_CASE("each item of a List counts, and those that opted out are said") {
  Shell shell;
  auto list = Json{{"apiVersion", "v1"}, {"kind", "List"}};
  auto const one = document(kDeployment);
  auto out = one;
  out["metadata"]["annotations"]["agentweave.io/inject"] = "disabled";
  list["items"] = Json::array({one, out, {{"kind", "Service"}}});
  shell.input = list.dump();
  auto const ran = shell.run("agentweave k8s inject -f -");
  CHECK(ran.exit == 0);
  CHECK(ran.err == "1 of 3 documents got a sidecar, 1 opted out\n");
  auto const items = document(ran.out)["items"];
  CHECK(items[0]["spec"]["template"]["spec"].contains("initContainers"));
  CHECK(items[1] == out);
  shell.input = R"({"kind":"List"})";
  CHECK(shell.run("agentweave k8s inject -f -").err == "0 of 1 documents got a sidecar\n");
}

TEST_CASE("a document that begins on the line of its separator is one") {
  auto const parts = parse_manifest("m.yaml", "--- {kind: A}\n--- # words\nkind: B\n---   \n");
  REQUIRE(parts.ok());
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].document["kind"] == "A");
  CHECK((*parts)[1].document["kind"] == "B");
  auto const wrong = parse_manifest("m.yaml", "kind: A\n--- {kind: [}\n");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().message.find("m.yaml:2:") != std::string::npos);
}

TEST_CASE("twice is once") {
  auto out = injected(kDeployment);
  auto const once = out;
  CHECK(inject_sidecar(out, {.image = "other", .config_map = ""}).value() == Injected::already);
  CHECK(out == once);
}

TEST_CASE("a workload that cannot have one is refused, and says why") {
  struct Row {
    std::string pod;
    std::string_view says;
  };
  for (auto const& row : {
           Row{R"({"hostNetwork":true,"containers":[{"name":"a"}]})", "host's network"},
           Row{R"({"containers":[]})", "no containers"},
           Row{R"({})", "no containers"},
           Row{R"({"containers":[{"name":"web","ports":[{"containerPort":8443}]}]})", "8443"},
           Row{R"({"containers":[{"name":"web","ports":[{"containerPort":9090}]}]})", "9090"},
           Row{R"({"containers":["x"]})", "not a valid"},
           Row{R"({"containers":[{"name":7}]})", "not a valid"},
           Row{R"({"containers":[{"name":"a"}],"hostNetwork":"yes"})", "not a valid"},
       }) {
    CAPTURE(row.pod);
    Json pod = {{"kind", "Pod"}, {"metadata", {{"name", "p"}}}, {"spec", Json::parse(row.pod)}};
    auto const before = pod;
    auto const done = inject_sidecar(pod, {.image = "i", .config_map = ""});
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().message.find(row.says) != std::string::npos);
  }
}

TEST_CASE("scalars keep what they mean to Kubernetes") {
  auto const read = document(
      "a: 0644\nb: \"0644\"\nc: yes\nd: \"yes\"\ne: 1.10\nf: \"1.10\"\ng: ~\nh: 0x10\ni: -5\n"
      "j: |\n  two\n  lines\nk: 12:30\nl: 3Gi\n");
  CHECK(read["a"] == 420);
  CHECK(read["b"] == "0644");
  CHECK(read["c"] == true);
  CHECK(read["d"] == "yes");
  CHECK(read["e"] == 1.1);
  CHECK(read["f"] == "1.10");
  CHECK(read["g"] == nullptr);
  CHECK(read["h"] == 16);
  CHECK(read["i"] == -5);
  CHECK(read["j"] == "two\nlines\n");
  CHECK(read["k"] == "12:30");
  CHECK(read["l"] == "3Gi");
}

TEST_CASE("documents that are no workloads stand as they stood, comments too") {
  Shell shell;
  std::string const service =
      "# the door\napiVersion: v1\nkind: Service\nmetadata: {name: legacy}\n";
  shell.input = service + "---\n" + kDeployment + "---\n# nothing here\n";
  auto const ran = shell.run("agentweave k8s inject -f -");
  CHECK(ran.exit == 0);
  CHECK(ran.out.starts_with(service + "---\n"));
  CHECK(ran.err == "1 of 2 documents got a sidecar\n");
  auto const again = parse_manifest("out", ran.out);
  REQUIRE(again.ok());
  CHECK((*again)[1].document["spec"]["template"]["metadata"]["labels"]["version"] == "1.10");
  shell.input = ran.out;
  CHECK(shell.run("agentweave k8s inject -f -").out == ran.out);
}

TEST_CASE("--config is checked and becomes the ConfigMap") {
  Shell shell;
  std::ofstream("d.yaml") << kDeployment;
  std::ofstream("sidecar.yaml") << kConfig;
  auto const ran = shell.run("agentweave k8s inject -f d.yaml --config sidecar.yaml");
  REQUIRE(ran.exit == 0);
  auto const parts = parse_manifest("out", ran.out);
  REQUIRE(parts.ok());
  auto const& map = parts->front().document;
  CHECK(map["kind"] == "ConfigMap");
  CHECK(map["metadata"] == Json({{"name", "legacy-agentweave"}, {"namespace", "shop"}}));
  CHECK(map["data"]["config.yaml"] == kConfig);
  std::ofstream("sidecar.yaml") << "agent: {name: Legacy}\n";
  CHECK(shell.run("agentweave k8s inject -f d.yaml --config sidecar.yaml").exit == 4);
}

TEST_CASE("what is no YAML is shown where it stands, and nothing is printed") {
  Shell shell;
  std::ofstream("d.yaml") << kDeployment << "---\na:\n\tb: 1\n";
  auto const ran = shell.run("agentweave k8s inject -f d.yaml");
  CHECK(ran.exit == 4);
  CHECK(ran.out.empty());
  CHECK(ran.err.find("d.yaml:18:1: invalid YAML: a tab in the indentation\n") != std::string::npos);
  CHECK(ran.err.find("hint") != std::string::npos);
  shell.input = "a: [\n";
  CHECK(shell.run("agentweave k8s inject -f -").err.find("stdin:2:1: ") != std::string::npos);
  CHECK(shell.run("agentweave k8s inject -f missing.yaml").exit != 0);
}

// SPDX-License-Identifier: Apache-2.0
#include "commands/support/sidecar.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands/support/json_member.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

using json::Json;

constexpr std::string_view kContainer = "agentweave";
constexpr int kPort = 8443;
constexpr int kPlainPort = 9090;

// Where a kind keeps its pods; "" = it is one.
std::string_view template_path(std::string_view kind) {
  constexpr auto kPaths = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"Pod", ""},
       {"Deployment", "/spec/template"},
       {"StatefulSet", "/spec/template"},
       {"DaemonSet", "/spec/template"},
       {"ReplicaSet", "/spec/template"},
       {"Job", "/spec/template"},
       {"CronJob", "/spec/jobTemplate/spec/template"}});
  auto const found =
      std::ranges::find_if(kPaths, [&](auto const& one) { return one.first == kind; });
  return found == kPaths.end() ? "-" : found->second;
}

bool named(Json const& list, std::string_view name) {
  return list.is_array() && std::ranges::any_of(list, [&](Json const& one) {
           return one.is_object() && one.value("name", "") == name;
         });
}

// A member that is to be a list; null becomes an empty one.
Json& list_at(Json& object, std::string const& key) {
  auto& out = object[key];
  if (!out.is_array()) out = Json::array();
  return out;
}

Json probe(std::string_view path, int period, int failures) {
  return {{"httpGet", {{"path", path}, {"port", "metrics"}}},
          {"periodSeconds", period},
          {"failureThreshold", failures}};
}

// Pod Security "restricted" (Kubernetes' own level), and nothing to write to but what is mounted.
Json restricted() {
  return {{"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"runAsNonRoot", true},
          {"runAsUser", 65532},
          {"runAsGroup", 65532},
          {"capabilities", {{"drop", {"ALL"}}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

Json container(SidecarSpec const& spec) {
  return {
      {"name", kContainer},
      {"image", spec.image},
      {"restartPolicy", "Always"},
      {"args", {"serve", "/etc/agentweave/config.yaml"}},
      {"env", Json::array({{{"name", "SPIFFE_ENDPOINT_SOCKET"},
                            {"value", "unix:///spiffe-workload-api/spire-agent.sock"}}})},
      {"ports", Json::array({{{"name", "a2a"}, {"containerPort", kPort}},
                             {{"name", "metrics"}, {"containerPort", kPlainPort}}})},
      // The first SVID may take identity.first_fetch_timeout (30 s).
      {"startupProbe", probe("/startupz", 1, 60)},
      {"readinessProbe", probe("/readyz", 5, 3)},
      {"livenessProbe", probe("/livez", 10, 3)},
      {"resources",
       {{"requests", {{"cpu", "50m"}, {"memory", "32Mi"}}}, {"limits", {{"memory", "128Mi"}}}}},
      {"securityContext", restricted()},
      {"volumeMounts",
       Json::array(
           {{{"name", "agentweave-config"}, {"mountPath", "/etc/agentweave"}, {"readOnly", true}},
            {{"name", "agentweave-spiffe"},
             {"mountPath", "/spiffe-workload-api"},
             {"readOnly", true}},
            {{"name", "agentweave-state"}, {"mountPath", "/var/lib/agentweave"}},
            {{"name", "agentweave-log"}, {"mountPath", "/var/log/agentweave"}}})}};
}

Json volumes(SidecarSpec const& spec, std::string const& name) {
  auto const config = spec.config_map.empty() ? name + "-agentweave" : spec.config_map;
  return Json::array({{{"name", "agentweave-config"}, {"configMap", {{"name", config}}}},
                      {{"name", "agentweave-spiffe"},
                       {"csi", {{"driver", spec.spiffe_driver}, {"readOnly", true}}}},
                      {{"name", "agentweave-state"}, {"emptyDir", Json::object()}},
                      {{"name", "agentweave-log"}, {"emptyDir", Json::object()}}});
}

// What a workload says about itself, at one place. Nothing = it does not say.
Result<std::optional<bool>> wish_of(Json const& object, std::string const& name) {
  auto const at = Json::json_pointer("/metadata/annotations");
  if (!object.is_object() || !object.contains(at) || !object[at].is_object()) return std::nullopt;
  auto const found = object[at].find(kInjectAnnotation);
  if (found == object[at].end()) return std::nullopt;
  auto const word = found->is_string() ? found->get<std::string>() : found->dump();
  if (word == "enabled" || word == "true") return true;
  if (word == "disabled" || word == "false") return false;
  return make_error(Code::usage,
                    name + ": annotation " + std::string(kInjectAnnotation) + " is \"" +
                        text::printable(word) + '"',
                    "it says enabled or disabled");
}

// The pod template's word is nearer to the pods than the workload's.
Result<bool> is_wanted(Json const& document, std::string const& template_at,
                       std::string const& name) {
  auto const at = Json::json_pointer(template_at);
  if (!template_at.empty() && document.contains(at)) {
    AW_TRY(auto const near, wish_of(document[at], name));
    if (near) return *near;
  }
  AW_TRY(auto const wish, wish_of(document, name));
  return wish.value_or(true);
}

Result<void> check_possible(Json const& pod, std::string const& name) {
  if (pod.value("hostNetwork", false)) {
    return make_error(
        Code::usage, name + " uses the host's network",
        "its ports would be open beside the sidecar; give it a network of its own, or "
        "leave it out: annotate it agentweave.io/inject: disabled");
  }
  if (!pod.contains("containers") || !pod["containers"].is_array() || pod["containers"].empty())
    return make_error(Code::usage, name + " has no containers");
  for (auto const& one : pod["containers"]) {
    for (auto const& port : one.value("ports", Json::array())) {
      if (!port.is_object()) continue;
      auto const number = port.value("containerPort", 0);
      if (number != kPort && number != kPlainPort) continue;
      return make_error(Code::usage,
                        name + ": port " + std::to_string(number) + " is taken by container \"" +
                            one.value("name", "") + "\"",
                        "move it; callers reach it through the sidecar");
    }
  }
  return {};
}

void tell_outbound(Json& pod, SidecarSpec const& spec) {
  for (auto& one : pod["containers"]) {
    auto& variables = list_at(one, "env");
    if (named(variables, "AGENTWEAVE_OUTBOUND")) continue;
    variables.push_back({{"name", "AGENTWEAVE_OUTBOUND"}, {"value", spec.outbound}});
  }
}

void change_pod(Json& pod, SidecarSpec const& spec, std::string const& name) {
  // First of all init containers: the others may call through it.
  auto& first = list_at(pod, "initContainers");
  first.insert(first.begin(), container(spec));
  for (auto& volume : volumes(spec, name)) list_at(pod, "volumes").push_back(std::move(volume));
  tell_outbound(pod, spec);
  constexpr int kDefaultGrace = 30;
  auto const grace = pod.value("terminationGracePeriodSeconds", kDefaultGrace);
  pod["terminationGracePeriodSeconds"] = std::max(grace, spec.drain_seconds);
}

}  // namespace

std::string workload_name(json::Json const& document) {
  auto const metadata = member(document, "metadata");
  auto name = member(metadata, "name");
  if (!name.is_string()) name = member(metadata, "generateName");
  auto out = name.is_string() ? name.get<std::string>() : std::string();
  while (out.ends_with('-')) out.pop_back();  // generateName: "report-"
  return out.empty() ? "workload" : out;
}

Result<Injected> inject_sidecar(json::Json& document, SidecarSpec const& spec) {
  if (!document.is_object()) return Injected::not_a_workload;
  auto const kind = document.find("kind");
  if (kind == document.end() || !kind->is_string()) return Injected::not_a_workload;
  auto const path = template_path(kind->get_ref<std::string const&>());
  if (path == "-") return Injected::not_a_workload;
  auto const name = workload_name(document);
  auto const pointer = Json::json_pointer(std::string(path) + "/spec");
  try {
    if (!document.contains(pointer) || !document[pointer].is_object())
      return make_error(Code::usage, name + " has no pod specification");
    AW_TRY(auto const wanted, is_wanted(document, std::string(path), name));
    if (!wanted) return Injected::opted_out;
    auto& pod = document[pointer];
    if (named(pod.value("initContainers", Json::array()), kContainer) ||
        named(pod.value("containers", Json::array()), kContainer))
      return Injected::already;
    AW_TRY(check_possible(pod, name));
    change_pod(pod, spec, name);
  } catch (Json::exception const&) {
    // A member of another type than Kubernetes gives it.
    return make_error(Code::usage, name + " is not a valid " + kind->get<std::string>());
  }
  return Injected::yes;
}

}  // namespace aw::commands

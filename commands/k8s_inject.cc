// SPDX-License-Identifier: Apache-2.0
#include "commands/k8s_inject.h"

#include <CLI/CLI.hpp>
#include <istream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/config_options.h"
#include "commands/support/command.h"
#include "commands/support/json_member.h"
#include "commands/support/manifest.h"
#include "commands/support/yaml.h"
#include "core/base/fs.h"
#include "core/config/load.h"

namespace aw::commands {
namespace {

Result<std::string> manifest_text(std::string const& file, Context& context) {
  if (file != "-") return fs::read_file(file);
  return std::string(std::istreambuf_iterator<char>(context.in), {});
}

// A sidecar that would not start is found here rather than in the cluster.
Result<std::string> checked_config(std::string const& file, Context& context) {
  AW_TRY(auto text, fs::read_file(file));
  config::LoadRequest request;
  request.file = file;
  request.env = config::lookup_in(context.env);
  auto const loaded = config::inspect(request);
  if (!loaded.ok()) return told_refusal(loaded, context);
  context.err << config::render_text(loaded.diagnostics) << std::flush;
  return text;
}

std::string config_map(std::string const& name, json::Json const& workload,
                       std::string const& text) {
  json::Json out = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}};
  out["metadata"]["name"] = name;
  auto const metadata = member(workload, "metadata");
  if (metadata.contains("namespace")) out["metadata"]["namespace"] = metadata["namespace"];
  out["data"]["config.yaml"] = text;
  return to_yaml(out);
}

// What became of the documents; the items of a List count each.
struct InjectTally {
  std::size_t seen = 0;
  std::size_t changed = 0;
  std::size_t opted_out = 0;
};

Result<void> inject_one(json::Json& document, SidecarSpec const& spec, std::string const& config,
                        std::vector<std::string>& out, InjectTally& tally) {
  AW_TRY(auto const done, inject_sidecar(document, spec));
  ++tally.seen;
  if (done == Injected::opted_out) ++tally.opted_out;
  if (done != Injected::yes) return {};
  ++tally.changed;
  if (config.empty()) return {};
  auto const name =
      spec.config_map.empty() ? workload_name(document) + "-agentweave" : spec.config_map;
  out.push_back(config_map(name, document, config));
  return {};
}

// `kubectl get -o yaml` answers with one.
bool is_list(json::Json const& document) {
  return document.is_object() && member(document, "kind") == "List" &&
         member(document, "items").is_array();
}

std::string summary(InjectTally const& tally) {
  auto out = std::to_string(tally.changed) + " of " + std::to_string(tally.seen) +
             " documents got a sidecar";
  if (tally.opted_out > 0) out += ", " + std::to_string(tally.opted_out) + " opted out";
  return out;
}

}  // namespace

Result<void> run_k8s_inject(K8sInjectOptions const& options, Context& context) {
  AW_TRY(auto const text, manifest_text(options.file, context));
  AW_TRY(auto parts, parse_manifest(options.file == "-" ? "stdin" : options.file, text));
  std::string config;
  if (!options.config.empty()) {
    AW_TRY(config, checked_config(options.config, context));
  }
  std::vector<std::string> out;
  InjectTally tally;
  for (auto& part : parts) {
    auto const before = tally.changed;
    if (is_list(part.document)) {
      for (auto& item : part.document["items"]) {
        AW_TRY(inject_one(item, options.sidecar, config, out, tally));
      }
    } else {
      AW_TRY(inject_one(part.document, options.sidecar, config, out, tally));
    }
    out.push_back(tally.changed == before ? part.text : to_yaml(part.document));
  }
  context.say(summary(tally));
  context.out << join_manifest(out);
  return {};
}

void register_k8s_inject(CLI::App& parent, Context& context) {
  auto options = std::make_shared<K8sInjectOptions>();
  options->sidecar.image = "agentweave/sidecar:" AW_VERSION;
  auto& group = add_group(parent, "k8s", "Work with Kubernetes manifests");
  auto& command = add_command(
      group,
      {.name = "inject",
       .purpose = "Put a sidecar into the workloads of a Kubernetes manifest",
       .examples = {"agentweave k8s inject -f deployment.yaml --config sidecar.yaml",
                    "agentweave k8s inject -f - < deployment.yaml"},
       .details =
           "Text in, text out; no cluster is asked. The sidecar starts before the workload's own\n"
           "containers and stops after them (Kubernetes 1.29). Its configuration is the key\n"
           "config.yaml of the ConfigMap NAME-agentweave; --config checks one and puts it there.\n"
           "The workload finds AGENTWEAVE_OUTBOUND in its environment: where its own calls go.\n"
           "What is no workload, or has a sidecar already, passes through as it stood; so does "
           "one\n"
           "annotated agentweave.io/inject: disabled (itself, or its pod template)."});
  command.add_option("-f,--filename", options->file, "The manifest; - = standard input")
      ->type_name("FILE")
      ->capture_default_str();
  command
      .add_option("--config", options->config, "The sidecar's configuration, put into a ConfigMap")
      ->type_name("FILE");
  command.add_option("--config-map", options->sidecar.config_map,
                     "Its name; without it, NAME-agentweave");
  command.add_option("--image", options->sidecar.image, "The sidecar's image")
      ->capture_default_str();
  command.add_option("--outbound", options->sidecar.outbound, "Where the workload's own calls go")
      ->capture_default_str();
  on_run(command, context, [options, &context] { return run_k8s_inject(*options, context); });
}

}  // namespace aw::commands

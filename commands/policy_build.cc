// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_build.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/command.h"
#include "commands/support/policy_inputs.h"
#include "core/authz/bundle.h"
#include "core/authz/data_files.h"
#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/rego/tester.h"
#include "core/tls/digest.h"

namespace aw::commands {
namespace {

constexpr std::uint64_t kMostKeyBytes = 64U << 10;

struct Material {
  PolicyInputs inputs;  // module names as they shall stand in the bundle
  std::string revision;
  std::vector<std::string> roots = {""};
};

// Names in the archive: relative, without what leads out of it.
std::string archived_name(std::string const& name) {
  std::string out;
  for (auto const part : text::split(name, '/')) {
    if (part.empty() || part == "." || part == "..") continue;
    out += (out.empty() ? "" : "/") + std::string(part);
  }
  return out;
}

Result<Material> from_files(PolicyBuildOptions const& options) {
  Material out;
  AW_TRY(out.inputs, read_policy_inputs(options.paths));
  for (auto& module : out.inputs.modules) module.name = archived_name(module.name);
  return out;
}

Result<Material> from_bundles(PolicyBuildOptions const& options) {
  Material out;
  out.roots.clear();
  bool const hmac = options.signer.algorithm == "HS256";
  authz::BundleVerification verification{.algorithm = options.signer.algorithm,
                                         .key_id = options.verification_key_id,
                                         .scope = options.signer.scope};
  if (!options.verification_key.empty()) {
    (hmac ? verification.secret : verification.public_key) = options.verification_key;
  }
  for (auto const& path : options.paths) {
    AW_TRY(auto const files, authz::bundle_files(path));
    AW_TRY(auto bundle, with_context(authz::open_bundle(files, verification), path));
    for (auto* list : {&bundle.files.modules, &bundle.files.tests}) {
      for (auto& module : *list) out.inputs.modules.push_back(std::move(module));
    }
    AW_TRY(out.inputs.data, authz::join_data(out.inputs.data, bundle.files.data, path));
    out.roots.insert(out.roots.end(), bundle.roots.begin(), bundle.roots.end());
    out.revision = bundle.revision;
  }
  return out;
}

std::vector<authz::BundleFile> files_of(PolicyBuildOptions const& options,
                                        Material const& material) {
  json::Json const manifest = {
      {"revision", options.revision.empty() ? material.revision : options.revision},
      {"roots", options.roots.empty() ? material.roots : options.roots},
      {"rego_version", 1}};
  std::vector<authz::BundleFile> out = {{std::string(authz::kManifestFile), manifest.dump()},
                                        {"data.json", material.inputs.data.to_json()}};
  for (auto const& module : material.inputs.modules) out.push_back({module.name, module.text});
  return out;
}

Result<void> sign(PolicyBuildOptions const& options, std::vector<authz::BundleFile>& files) {
  if (options.signing_key.empty()) return {};
  auto signer = options.signer;
  signer.key = options.signing_key;
  if (signer.algorithm != "HS256") {
    AW_TRY(signer.key, fs::read_file(options.signing_key, kMostKeyBytes));
  }
  auto signature = authz::sign_bundle(files, signer);
  wipe(signer.key);
  if (!signature.ok()) return std::move(signature).error();
  files.push_back({std::string(authz::kSignaturesFile), *std::move(signature)});
  return {};
}

// What nobody could load must not be built.
Result<void> try_out(PolicyInputs const& inputs, Context const& context) {
  AW_TRY(auto const policy, compile_policy(inputs));
  rego::TestOptions run{.clock = &context.clock};
  run.eval.now = context.clock.now();
  auto const report = rego::run_tests(*policy, run);
  if (report.ok()) return {};
  return make_error(Code::policy_test_failed,
                    std::to_string(report.failed + report.errors) + " policy tests failed",
                    "see them: agentweave policy test PATH");
}

}  // namespace

Result<void> run_policy_build(PolicyBuildOptions const& options, Context& context) {
  bool const bundles =
      options.kind == PolicyBuildOptions::Kind::bundles || !options.verification_key.empty();
  AW_TRY(auto const material, bundles ? from_bundles(options) : from_files(options));
  AW_TRY(try_out(material.inputs, context));
  auto files = files_of(options, material);
  AW_TRY(authz::parse_bundle(files));  // its own roots hold for it
  AW_TRY(sign(options, files));
  AW_TRY(auto const archive, authz::write_archive(files));
  auto const digest = "sha256:" + tls::sha256_hex(archive);
  bool const is_signed = !options.signing_key.empty();
  auto const words = std::to_string(material.inputs.modules.size()) + " modules, " +
                     std::to_string(archive.size()) + " bytes, " +
                     (is_signed ? "signed" : "not signed") + "   " + digest;
  if (options.output == "-") {
    context.out << archive;
    context.say("wrote the bundle   " + words);
    return {};
  }
  AW_TRY(fs::write_file_atomic(options.output, archive, fs::Mode::public_file));
  json::Json const data = {{"output", options.output},
                           {"bytes", archive.size()},
                           {"digest", digest},
                           {"modules", material.inputs.modules.size()},
                           {"signed", is_signed}};
  context.print("PolicyBundle", data, [&](std::ostream& out) {
    out << "wrote " << options.output << "   " << words << '\n';
  });
  return {};
}

void register_policy_build(CLI::App& parent, Context& context) {
  auto options = std::make_shared<PolicyBuildOptions>();
  auto& group = add_group(parent, "policy", "Rego tools, with OPA's flags");
  auto& command = add_command(
      group,
      {.name = "build",
       .purpose = "Make an OPA bundle of policies and data, and sign it",
       .examples = {"agentweave policy build policy -o bundle.tar.gz --revision r1",
                    "agentweave policy build policy -o bundle.tar.gz --signing-alg HS256 "
                    "--signing-key 'a secret that both sides know'"},
       .details = "It compiles and runs the tests first. The same files give the same bytes.\n"});
  command.add_option("PATH", options->paths, "Files and directories of .rego, .json, .yaml")
      ->type_name("PATH")
      ->required();
  command.add_flag_callback(
      "-b,--bundle", [options] { options->kind = PolicyBuildOptions::Kind::bundles; },
      "The paths are bundles, built again");
  command.add_option("-o,--output", options->output, "The bundle to write; - for standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command.add_option("-r,--revision", options->revision, "The bundle's name for itself")
      ->type_name("TEXT");
  command
      .add_option("--root", options->roots,
                  "A path of data that the bundle owns; repeatable; all of it without any")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command
      .add_option("--signing-key", options->signing_key,
                  "Sign with this private key (a PEM file), or with HS256's secret")
      ->type_name("KEY");
  command
      .add_option("--signing-alg", options->signer.algorithm,
                  "How it is, or was, signed; without it what fits the key")
      ->check(CLI::IsMember({"ES256", "ES384", "RS256", "PS256", "EdDSA", "HS256"}));
  command.add_option("--signing-key-id", options->signer.key_id, "The key's id in the signature")
      ->type_name("ID")
      ->capture_default_str();
  command.add_option("--scope", options->signer.scope, "The scope in the signature")
      ->type_name("TEXT");
  command
      .add_option("--verification-key", options->verification_key,
                  "The given bundle must be signed with this public key (a PEM file), or secret")
      ->type_name("KEY");
  command
      .add_option("--verification-key-id", options->verification_key_id,
                  "The key id that signature must name")
      ->type_name("ID");
  on_run(command, context, [options, &context] { return run_policy_build(*options, context); });
}

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
#include "commands/init.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>

#include "commands/support/command.h"
#include "commands/support/project.h"
#include "core/base/fs.h"
#include "core/identity/spiffe_id.h"

namespace aw::commands {
namespace {

namespace stdfs = std::filesystem;

// The last part of the path, also for "." and "hello/".
Result<std::string> directory_name(stdfs::path const& directory) {
  std::error_code failed;
  auto const whole = stdfs::weakly_canonical(directory, failed);
  if (failed) return make_error(Code::io, directory.string() + ": " + failed.message());
  return whole.filename().string();
}

Result<ProjectNames> names_of(InitOptions const& options) {
  ProjectNames names;
  if (options.name.empty()) {
    AW_TRY(auto const directory, directory_name(options.directory));
    AW_TRY(names.agent, agent_name_from(directory));
  } else {
    AW_TRY(names.agent, agent_name_from(options.name));
    if (names.agent != options.name) {
      return make_error(Code::usage, "\"" + options.name + "\" is no name for an agent",
                        "for example \"" + names.agent + "\"");
    }
  }
  names.trust_domain = options.trust_domain.empty() ? names.agent + ".test" : options.trust_domain;
  auto const domain = identity::TrustDomain::parse(names.trust_domain);
  if (!domain.ok()) return make_error(Code::usage, domain.error().message);
  return names;
}

Result<void> refuse_to_overwrite(stdfs::path const& directory,
                                 std::vector<ProjectFile> const& files) {
  for (auto const& file : files) {
    std::error_code ignored;  // not there, or not ours to see: writing will say
    if (!stdfs::exists(directory / file.path, ignored)) continue;
    return make_error(Code::io, (directory / file.path).lexically_normal().string() + " exists",
                      "nothing was changed; choose another directory");
  }
  return {};
}

Result<void> write_files(stdfs::path const& directory, std::vector<ProjectFile> const& files) {
  for (auto const& file : files) {
    auto const target = directory / file.path;
    std::error_code failed;
    stdfs::create_directories(target.parent_path(), failed);
    if (failed) {
      return make_error(Code::io,
                        "create " + target.parent_path().string() + ": " + failed.message());
    }
    AW_TRY(fs::write_file_atomic(target, file.text, fs::Mode::public_file));
  }
  return {};
}

}  // namespace

Result<void> run_init(InitOptions const& options, Context& context) {
  AW_TRY(auto const names, names_of(options));
  auto const files = project_files(names);
  AW_TRY(refuse_to_overwrite(options.directory, files));
  AW_TRY(write_files(options.directory, files));
  json::Json data = {{"directory", options.directory},
                     {"agent", names.agent},
                     {"trust_domain", names.trust_domain},
                     {"created", json::Json::array()}};
  for (auto const& file : files) data["created"].push_back(file.path);
  context.print("Project", data, [&](std::ostream& out) {
    out << "created";
    for (auto const& file : files) out << "  " << file.path;
    out << "\nnext:    agentweave dev\n";
  });
  return {};
}

void register_init(CLI::App& parent, Context& context) {
  auto options = std::make_shared<InitOptions>();
  auto& command = add_command(
      parent,
      {.name = "init",
       .purpose = "Make a working project: configuration, policy and its tests",
       .examples = {"agentweave init hello", "agentweave init shop --trust-domain shop.example"},
       .details = "Files that exist are never overwritten."});
  command.add_option("DIR", options->directory, "Where")->type_name("DIR")->capture_default_str();
  command.add_option("--name", options->name, "The agent's name; without it, the directory's");
  command.add_option("--trust-domain", options->trust_domain, "Without it, NAME.test");
  on_run(command, context, [options, &context] { return run_init(*options, context); });
}

}  // namespace aw::commands

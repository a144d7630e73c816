// SPDX-License-Identifier: Apache-2.0
#include "commands/support/policy_inputs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ranges>
#include <system_error>
#include <utility>

#include "core/authz/bundle.h"
#include "core/authz/data_files.h"
#include "core/base/fs.h"

namespace aw::commands {
namespace {

namespace stdfs = std::filesystem;

constexpr std::size_t kMaxFiles = 10'000;

bool is_data(stdfs::path const& path) {
  auto const extension = path.extension();
  return extension == ".json" || extension == ".yaml" || extension == ".yml";
}

bool is_hidden(stdfs::path const& path) { return path.filename().string().starts_with('.'); }

Error unreadable(stdfs::path const& path, std::string const& why) {
  return make_error(Code::policy_unreadable, path.string() + ": " + why);
}

// {"x": {"y": value}} for the directory x/y.
rego::Value nested(stdfs::path const& directory, rego::Value value) {
  std::vector<std::string> parts;
  for (auto const& part : directory) {
    if (!part.empty() && part != ".") parts.push_back(part.string());
  }
  for (auto const& part : std::views::reverse(parts)) {
    value = rego::Value::object({{std::string_view(part), value}});
  }
  return value;
}

Result<void> read_one(stdfs::path const& path, stdfs::path const& below, PolicyInputs& out) {
  auto text = fs::read_file(path);
  if (!text.ok()) return unreadable(path, text.error().message);
  if (path.extension() == ".rego") {
    out.modules.push_back({.name = path.string(), .text = *std::move(text)});
    return {};
  }
  AW_TRY(auto data, authz::parse_data_file(path.string(), *text));
  AW_TRY(out.data, authz::join_data(out.data, nested(below, std::move(data)), path.string()));
  return {};
}

// Sorted, so that messages and digests do not depend on the file system.
Result<std::vector<stdfs::path>> files_below(stdfs::path const& directory) {
  std::vector<stdfs::path> out;
  std::error_code failed;
  stdfs::recursive_directory_iterator entries(directory, failed);
  for (; !failed && entries != stdfs::recursive_directory_iterator(); entries.increment(failed)) {
    if (is_hidden(entries->path())) {
      if (entries->is_directory(failed)) entries.disable_recursion_pending();
      continue;
    }
    bool const wanted = entries->path().extension() == ".rego" || is_data(entries->path());
    if (!wanted || !entries->is_regular_file(failed)) continue;
    if (out.size() == kMaxFiles) return unreadable(directory, "more than 10000 files");
    out.push_back(entries->path());
  }
  if (failed) return unreadable(directory, failed.message());
  std::ranges::sort(out);
  return out;
}

}  // namespace

Result<PolicyInputs> read_policy_inputs(std::span<const std::string> paths) {
  PolicyInputs out;
  for (auto const& name : paths) {
    stdfs::path const path(name);
    std::error_code failed;
    if (!stdfs::is_directory(path, failed)) {
      if (failed) return unreadable(path, failed.message());
      AW_TRY(read_one(path, {}, out));
      continue;
    }
    AW_TRY(auto const files, files_below(path));
    for (auto const& file : files) {
      AW_TRY(read_one(file, file.parent_path().lexically_relative(path), out));
    }
  }
  return out;
}

Result<PolicyInputs> read_policy_paths(PolicyPaths const& paths) {
  AW_TRY(auto out, read_policy_inputs(paths.data));
  for (auto const& path : paths.bundles) {
    AW_TRY(auto const files, authz::bundle_files(path));
    AW_TRY(auto bundle, with_context(authz::parse_bundle(files), path));
    for (auto* list : {&bundle.files.modules, &bundle.files.tests}) {
      for (auto& module : *list) {
        module.name = (stdfs::path(path) / module.name).string();
        out.modules.push_back(std::move(module));
      }
    }
    AW_TRY(out.data, authz::join_data(out.data, bundle.files.data, path));
  }
  return out;
}

void add_policy_paths(CLI::App& command, PolicyPaths& paths) {
  command.add_option("-d,--data", paths.data, "Policies and data: file or directory; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command.add_option("-b,--bundle", paths.bundles, "Bundle: a .tar.gz or a directory; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
}

Result<std::shared_ptr<const rego::Policy>> compile_policy(PolicyInputs const& inputs,
                                                           rego::CompileOptions const& options) {
  std::vector<rego::Diagnostic> diagnostics;
  auto policy = rego::compile(inputs.modules, inputs.data, options, &diagnostics);
  if (policy.ok() || diagnostics.empty()) return policy;
  std::string all;
  for (auto const& diagnostic : diagnostics) all += diagnostic.text() + "\n";
  return std::move(policy).error().with("diagnostics", std::move(all));
}

json::Json diagnostic_json(rego::Diagnostic const& diagnostic) {
  return {{"code", diagnostic.code},
          {"error", code_name(diagnostic.error)},
          {"message", diagnostic.message},
          {"hint", diagnostic.hint},
          {"location",
           {{"file", diagnostic.file}, {"row", diagnostic.line}, {"col", diagnostic.column}}}};
}

}  // namespace aw::commands

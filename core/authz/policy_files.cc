// SPDX-License-Identifier: Apache-2.0
#include "core/authz/policy_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <ranges>

#include "core/authz/data_files.h"
#include "core/base/fs.h"

namespace aw::authz {
namespace {

using rego::Value;

constexpr std::size_t kMaxFiles = 4096;
constexpr std::uint64_t kMaxModuleBytes = 8U << 20;
constexpr std::uint64_t kMaxDataBytes = 64U << 20;

bool hidden(std::filesystem::path const& path) { return path.filename().string().starts_with('.'); }

Error unreadable(std::string const& what, std::string const& why) {
  return make_error(Code::policy_unreadable, "policy " + what + ": " + why);
}

// Relative paths of the regular files below `root`, sorted.
Result<std::vector<std::string>> files_below(std::string const& root) {
  std::vector<std::string> out;
  std::error_code error;
  auto walk = std::filesystem::recursive_directory_iterator(root, error);
  if (error) return unreadable(root, error.message());
  for (; walk != std::filesystem::recursive_directory_iterator(); walk.increment(error)) {
    if (error) return unreadable(root, error.message());
    if (hidden(walk->path())) {
      if (walk->is_directory(error)) walk.disable_recursion_pending();
      continue;
    }
    if (!walk->is_regular_file(error)) continue;
    out.push_back(walk->path().lexically_relative(root).string());
    if (out.size() > kMaxFiles) return unreadable(root, "more files than a policy may have");
  }
  std::ranges::sort(out);
  return out;
}

Result<std::string> read(std::string const& path, std::uint64_t limit) {
  auto text = fs::read_file(path, limit);
  if (text.ok()) return text;
  auto error = std::move(text).error();
  error.code = Code::policy_unreadable;
  return error;
}

Result<void> add_module(PolicyFiles& out, std::string const& root, std::string const& name) {
  AW_TRY(auto text, read((std::filesystem::path(root) / name).string(), kMaxModuleBytes));
  auto& list = name.ends_with("_test.rego") ? out.tests : out.modules;
  list.push_back({.name = name, .text = std::move(text)});
  return {};
}

// OPA's bundle layout: DIR/a/b/data.json holds data.a.b.
Result<void> add_bundle_data(PolicyFiles& out, std::string const& root, std::string const& name) {
  auto const path = std::filesystem::path(name);
  AW_TRY(auto text, read((std::filesystem::path(root) / name).string(), kMaxDataBytes));
  AW_TRY(auto value, parse_data_file(name, text));
  std::vector<std::string> steps;
  for (auto const& step : path.parent_path()) steps.push_back(step.string());
  for (auto const& step : std::views::reverse(steps)) {
    value = Value::object({{step, std::move(value)}});
  }
  AW_TRY(out.data, join_data(out.data, value, name));
  return {};
}

Result<void> add_bundle(PolicyFiles& out, std::string const& bundle) {
  std::error_code error;
  if (!std::filesystem::is_directory(bundle, error)) {
    return make_error(Code::policy_unsupported, "policy bundle " + bundle + " is not a directory",
                      "unpack it: mkdir policy && tar -xzf BUNDLE.tar.gz -C policy");
  }
  AW_TRY(auto const names, files_below(bundle));
  for (auto const& name : names) {
    auto const file = std::filesystem::path(name).filename().string();
    if (name.ends_with(".rego")) AW_TRY(add_module(out, bundle, name));
    if (file == "data.json" || file == "data.yaml" || file == "data.yml") {
      AW_TRY(add_bundle_data(out, bundle, name));
    }
  }
  return {};
}

void stamp_file(std::string& out, std::string const& path) {
  struct stat info{};
  out.append(path).append("|");
  if (::stat(path.c_str(), &info) == 0) {
    out.append(std::to_string(info.st_ino)).append(" ");
    out.append(std::to_string(info.st_size)).append(" ");
    out.append(std::to_string(info.st_mtim.tv_sec)).append(".");
    out.append(std::to_string(info.st_mtim.tv_nsec));
  }
  out.append("\n");
}

}  // namespace

Result<PolicyFiles> read_policy_files(PolicyLocation const& location) {
  PolicyFiles out{.modules = {}, .tests = {}, .data = Value::object({})};
  if (!location.policy_dir.empty()) {
    AW_TRY(auto const names, files_below(location.policy_dir));
    for (auto const& name : names) {
      if (name.ends_with(".rego")) AW_TRY(add_module(out, location.policy_dir, name));
    }
  }
  if (!location.bundle.empty()) AW_TRY(add_bundle(out, location.bundle));
  for (auto const& file : location.data_files) {
    AW_TRY(auto const text, read(file, kMaxDataBytes));
    AW_TRY(auto const value, parse_data_file(file, text));
    AW_TRY(out.data, join_data(out.data, value, file));
  }
  if (out.modules.empty()) {
    auto const& where = location.policy_dir.empty() ? location.bundle : location.policy_dir;
    return unreadable(where, "holds no .rego file");
  }
  return out;
}

std::string policy_stamp(PolicyLocation const& location) {
  std::string out;
  for (auto const& root : {location.policy_dir, location.bundle}) {
    if (root.empty()) continue;
    auto const names = files_below(root);
    if (!names.ok()) {
      stamp_file(out, root);
      continue;
    }
    for (auto const& name : *names) stamp_file(out, (std::filesystem::path(root) / name).string());
  }
  for (auto const& file : location.data_files) stamp_file(out, file);
  return out;
}

}  // namespace aw::authz

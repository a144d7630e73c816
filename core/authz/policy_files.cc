// SPDX-License-Identifier: Apache-2.0
#include "core/authz/policy_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "core/authz/bundle.h"
#include "core/authz/data_files.h"
#include "core/base/fs.h"

namespace aw::authz {
namespace {

using rego::Value;

constexpr std::size_t kMaxFiles = 4096;
constexpr std::uint64_t kMaxModuleBytes = 8U << 20;
constexpr std::uint64_t kMaxDataBytes = 64U << 20;

bool hidden(std::filesystem::path const& path) { return path.filename().string().starts_with('.'); }

// What would be missed: a rule, or data that one asks for.
bool policy_like(std::filesystem::path const& path) {
  auto const ending = path.extension();
  return ending == ".rego" || ending == ".json" || ending == ".yaml" || ending == ".yml";
}

Error unreadable(std::string const& what, std::string const& why) {
  return make_error(Code::policy_unreadable, "policy " + what + ": " + why);
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

// A bundle's modules and data join those of the directory; its own roots are checked already.
Result<void> add_bundle(PolicyFiles& out, PolicyLocation const& location) {
  std::vector<BundleFile> files;
  if (location.downloaded != nullptr) {
    AW_TRY(files, read_archive(*location.downloaded));
  } else {
    AW_TRY(files, bundle_files(location.bundle));
  }
  AW_TRY(auto bundle, open_bundle(files, location.verification));
  out.revision = std::move(bundle.revision);
  auto& more = bundle.files;
  std::ranges::move(more.modules, std::back_inserter(out.modules));
  std::ranges::move(more.tests, std::back_inserter(out.tests));
  AW_TRY(out.data, join_data(out.data, more.data, "bundle"));
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

Result<std::vector<std::string>> policy_files_below(std::string const& root) {
  std::vector<std::string> out;
  std::error_code error;
  auto walk = std::filesystem::recursive_directory_iterator(root, error);
  // An error ends the walk as the last entry does: what was found until then is not the policy.
  for (; !error && walk != std::filesystem::recursive_directory_iterator(); walk.increment(error)) {
    std::error_code untold;
    if (hidden(walk->path())) {
      if (walk->is_directory(untold)) walk.disable_recursion_pending();
      continue;
    }
    auto const kind = walk->status(untold).type();
    if (untold && policy_like(walk->path())) {
      return unreadable(walk->path().string(), untold.message());
    }
    if (kind != std::filesystem::file_type::regular) continue;
    out.push_back(walk->path().lexically_relative(root).string());
    if (out.size() > kMaxFiles) return unreadable(root, "more files than a policy may have");
  }
  if (error) return unreadable(root, error.message());
  std::ranges::sort(out);
  return out;
}

Result<PolicyFiles> read_policy_files(PolicyLocation const& location) {
  PolicyFiles out{.modules = {}, .tests = {}, .data = Value::object({})};
  if (!location.policy_dir.empty()) {
    AW_TRY(auto const names, policy_files_below(location.policy_dir));
    for (auto const& name : names) {
      if (name.ends_with(".rego")) AW_TRY(add_module(out, location.policy_dir, name));
    }
  }
  bool const bundled = !location.bundle.empty() || location.downloaded != nullptr;
  if (bundled) AW_TRY(add_bundle(out, location));
  for (auto const& file : location.data_files) {
    AW_TRY(auto const text, read(file, kMaxDataBytes));
    AW_TRY(auto const value, parse_data_file(file, text));
    AW_TRY(out.data, join_data(out.data, value, file));
  }
  if (out.modules.empty()) {
    auto const& where = location.policy_dir.empty() ? location.bundle : location.policy_dir;
    return unreadable(where.empty() ? "bundle" : where, "holds no .rego file");
  }
  return out;
}

std::string policy_stamp(PolicyLocation const& location) {
  std::string out;
  for (auto const& root : {location.policy_dir, location.bundle}) {
    if (root.empty()) continue;
    auto const names = policy_files_below(root);
    if (!names.ok()) {
      stamp_file(out, root);
      continue;
    }
    for (auto const& name : *names) stamp_file(out, (std::filesystem::path(root) / name).string());
  }
  if (!location.bundle.empty()) {
    auto const root = std::filesystem::path(location.bundle);
    for (auto const name : {kManifestFile, kSignaturesFile})
      stamp_file(out, (root / name).string());
  }
  for (auto const& file : location.data_files) stamp_file(out, file);
  return out;
}

}  // namespace aw::authz

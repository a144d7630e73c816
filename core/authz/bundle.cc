// SPDX-License-Identifier: Apache-2.0
#include "core/authz/bundle.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ranges>

#include "core/authz/data_files.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/rego/parser.h"

namespace aw::authz {
namespace {

namespace stdfs = std::filesystem;
using json::Json;
using rego::Value;

constexpr std::size_t kMostRoots = 1024;
constexpr std::size_t kMostRevision = 256;

Error bad_bundle(Code code, std::string const& why, std::string hint = {}) {
  return make_error(code, "policy bundle: " + why, std::move(hint));
}

std::string_view file_name(std::string_view name) { return name.substr(name.rfind('/') + 1); }

bool is_data(std::string_view name) {
  auto const file = file_name(name);
  return file == "data.json" || file == "data.yaml" || file == "data.yml";
}

bool wanted_in_directory(stdfs::path const& path) {
  auto const name = path.filename().string();
  return path.extension() == ".rego" || is_data(name) || name == "patch.json";
}

struct Manifest {
  std::string revision;
  std::vector<std::string> roots = {""};
};

Result<void> read_roots(Json const& given, Manifest& out) {
  if (!given.is_array() || given.size() > kMostRoots) {
    return bad_bundle(Code::policy_unreadable, ".manifest: roots is no list of paths");
  }
  out.roots.clear();
  for (auto const& root : given) {
    if (!root.is_string()) {
      return bad_bundle(Code::policy_unreadable, ".manifest: roots is no list of paths");
    }
    auto text = root.get<std::string>();
    while (text.starts_with('/')) text.erase(0, 1);
    while (text.ends_with('/')) text.pop_back();
    out.roots.push_back(std::move(text));
  }
  return {};
}

Result<Manifest> read_manifest(std::string_view text) {
  auto const parsed = json::parse(text, {.bytes = 1U << 20, .depth = 32});
  if (!parsed.ok() || !parsed->is_object()) {
    return bad_bundle(Code::policy_unreadable, ".manifest is no JSON object");
  }
  Manifest out;
  if (auto const revision = parsed->find("revision");
      revision != parsed->end() && revision->is_string()) {
    out.revision = text::printable(revision->get<std::string>().substr(0, kMostRevision));
  }
  if (auto const version = parsed->find("rego_version");
      version != parsed->end() && *version == 0) {
    return bad_bundle(Code::policy_unsupported, "it is written in Rego v0",
                      "build it again with opa 1.x, or `opa fmt --v0-v1`");
  }
  if (auto const roots = parsed->find("roots"); roots != parsed->end() && !roots->is_null()) {
    AW_TRY(read_roots(*roots, out));
  }
  return out;
}

// Is `path` ("a/b/c") at or below `root`?
bool is_below(std::string_view path, std::string_view root) {
  return root.empty() || path == root ||
         (path.starts_with(root) && path.size() > root.size() && path[root.size()] == '/');
}

bool owned(Manifest const& manifest, std::string_view path) {
  return std::ranges::any_of(manifest.roots,
                             [&](std::string const& root) { return is_below(path, root); });
}

Error outside(std::string const& what, std::string const& path) {
  return bad_bundle(Code::policy_unreadable,
                    what + " lies at \"" + path + "\", outside the manifest's roots");
}

// Roots that contain each other would make two owners of one document.
Result<void> check_roots(Manifest const& manifest) {
  for (std::size_t i = 0; i < manifest.roots.size(); ++i) {
    for (std::size_t j = 0; j < manifest.roots.size(); ++j) {
      if (i == j || !is_below(manifest.roots[i], manifest.roots[j])) continue;
      return bad_bundle(Code::policy_unreadable, ".manifest: the roots \"" + manifest.roots[i] +
                                                     "\" and \"" + manifest.roots[j] +
                                                     "\" overlap");
    }
  }
  return {};
}

// Every value of the data lies at or below a root.
Result<void> check_data(Manifest const& manifest, Value const& value, std::string const& path) {
  if (owned(manifest, path)) return {};
  bool const above = std::ranges::any_of(manifest.roots, [&](std::string const& root) {
    return path.empty() || is_below(root, path);
  });
  if (!above || !value.is(rego::Kind::object)) return outside("data", path);
  for (auto const& entry : value.entries()) {
    std::string below = path;
    if (!below.empty()) below += '/';
    below += entry.key.as_string();
    AW_TRY(check_data(manifest, entry.value, below));
  }
  return {};
}

// "a/b" of `package a.b`; nullopt for what does not parse, which the compiler will say better.
std::optional<std::string> package_of(rego::Source const& source) {
  rego::Module module;
  rego::Fault fault;
  if (!rego::parse_module(source.text, 0, module, fault)) return std::nullopt;
  return text::join(module.package, "/");
}

Result<void> add_data(Value& data, BundleFile const& file) {
  AW_TRY(auto value, parse_data_file(file.name, file.bytes));
  auto const parts = text::split(file.name, '/');
  for (auto const part : parts | std::views::reverse | std::views::drop(1)) {
    value = Value::object({{part, std::move(value)}});
  }
  AW_TRY(data, join_data(data, value, file.name));
  return {};
}

}  // namespace

Result<std::vector<BundleFile>> bundle_files(std::string const& path) {
  std::error_code failed;
  if (!stdfs::is_directory(path, failed)) {
    ArchiveLimits const limits;
    auto bytes = fs::read_file(path, limits.packed);
    if (!bytes.ok()) return bad_bundle(Code::policy_unreadable, bytes.error().message);
    return with_context(read_archive(*bytes, limits), path);
  }
  std::vector<BundleFile> out;
  for (auto const* const special : {&kManifestFile, &kSignaturesFile}) {
    auto const at = stdfs::path(path) / *special;
    if (!stdfs::exists(at, failed)) continue;
    AW_TRY(auto text, fs::read_file(at));
    out.push_back({.name = std::string(*special), .bytes = std::move(text)});
  }
  AW_TRY(auto const names, policy_files_below(path));
  for (auto const& name : names) {
    if (!wanted_in_directory(name)) continue;
    AW_TRY(auto text, fs::read_file(stdfs::path(path) / name));
    out.push_back({.name = name, .bytes = std::move(text)});
  }
  return out;
}

Result<BundleContents> parse_bundle(std::span<const BundleFile> files) {
  Manifest manifest;
  BundleContents out{.revision = {}, .roots = {}, .files = {}};
  out.files.data = Value::object(std::vector<rego::Entry>{});
  for (auto const& file : files) {
    if (file.name == kManifestFile) {
      AW_TRY(manifest, read_manifest(file.bytes));
      AW_TRY(check_roots(manifest));
    } else if (file.name == "patch.json") {
      return bad_bundle(Code::policy_unsupported, "it is a delta bundle",
                        "have the bundle service send whole bundles");
    } else if (file.name.ends_with(".rego")) {
      auto& list = file.name.ends_with("_test.rego") ? out.files.tests : out.files.modules;
      list.push_back({.name = file.name, .text = file.bytes});
    } else if (is_data(file.name)) {
      AW_TRY(add_data(out.files.data, file));
    }
  }
  AW_TRY(check_data(manifest, out.files.data, ""));
  for (auto const& module : out.files.modules) {
    auto const package = package_of(module);
    if (package && !owned(manifest, *package)) return outside(module.name, *package);
  }
  std::ranges::sort(out.files.modules, {}, &rego::Source::name);
  std::ranges::sort(out.files.tests, {}, &rego::Source::name);
  out.revision = manifest.revision;
  out.roots = manifest.roots;
  return out;
}

Result<std::optional<BundleVerifier>> bundle_verifier(BundleVerification const& verification) {
  if (!verification.wanted()) return std::optional<BundleVerifier>();
  std::string key = verification.secret;
  if (!verification.public_key.empty()) {
    AW_TRY(key, fs::read_file(verification.public_key, tls::PrivateKey::kMaxBytes));
  }
  AW_TRY(auto verifier, BundleVerifier::make(verification.algorithm, key, verification.key_id,
                                             verification.scope));
  return std::optional<BundleVerifier>(std::move(verifier));
}

Result<BundleContents> open_bundle(std::span<const BundleFile> files,
                                   BundleVerification const& verification) {
  AW_TRY(auto const verifier, bundle_verifier(verification));
  if (verifier) AW_TRY(verifier->check(files));
  return parse_bundle(files);
}

}  // namespace aw::authz

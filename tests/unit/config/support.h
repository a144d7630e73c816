// SPDX-License-Identifier: Apache-2.0
// Loading a text as a person's file would be loaded.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "core/config/load.h"
#include "core/config/variables.h"

namespace aw::config::testing {

// The least that is a configuration.
inline const std::string kMinimal = "agent: {name: billing, trust_domain: corp.example}\n";

struct Given {
  std::string text = kMinimal;
  std::map<std::string, std::string> env = {};
  std::vector<std::string> set = {};
  std::string environment = {};
  BackendRule backends = BackendRule::required;
};

inline Loaded loaded(Given const& given) {
  LoadRequest request;
  request.file = "a.yaml";
  request.text = given.text;
  request.env = lookup_in(given.env);
  request.variables = own_variables(given.env);
  request.overrides = given.set;
  request.backends = given.backends;
  if (!given.environment.empty()) request.environment = given.environment;
  return inspect(request);
}

inline Loaded with(std::string const& more) { return loaded({.text = kMinimal + more}); }

// The first finding with that code; null when there is none.
inline Diagnostic const* found(Loaded const& loaded, Code code) {
  const auto at = std::ranges::find(loaded.diagnostics, code, &Diagnostic::code);
  return at == loaded.diagnostics.end() ? nullptr : &*at;
}

// "AW1003 a.yaml:2:1 unknown key …" for each finding: easy to compare, easy to read when it fails.
inline std::string listed(Loaded const& loaded) {
  std::string out;
  for (Diagnostic const& one : loaded.diagnostics) {
    out += code_name(one.code) + ' ' + one.place.text() + ' ' + one.message + '\n';
  }
  return out;
}

// A directory that goes away.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "aw-config-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;

  std::filesystem::path write(std::string const& name, std::string const& text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace aw::config::testing

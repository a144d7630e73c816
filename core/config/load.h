// SPDX-License-Identifier: Apache-2.0
// From files, environment and flags to one checked Config. The only way in: `serve`, `dev` and
// `config validate` all call it, so that they cannot disagree.
//
// Blocks on the file system only. Never throws. Every input is bounded: 1 MiB a file, 64 levels,
// 20 000 nodes after anchors, 32 files.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/config/diagnostic.h"

namespace aw::config {

// How the process environment is asked; given, so that tests and `env -i` runs are the same thing.
// Called on the loading thread, any number of times, also for names that nobody set.
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;

// A lookup in a map that outlives it.
[[nodiscard]] EnvLookup lookup_in(std::map<std::string, std::string> const& variables);

// Must every capability have a backend (or server.upstream), or does a program with in-process
// handlers load this?
enum class BackendRule { required, in_process };

// A flag that sets one key, as `--port` does: what is wrong with its value is told at its own name,
// and is a mistake in the command line (Code::usage).
struct Flag {
  std::string name;  // "--port"
  std::string key;   // "server.port"
  std::string value;
};

struct LoadRequest {
  // Empty = the search path: AGENTWEAVE_CONFIG_PATH, AGENTWEAVE_CONFIG, ./config.yaml,
  // ~/.agentweave/config.yaml, /etc/agentweave/config.yaml.
  std::filesystem::path file;
  // Instead of a file: its text (`-`, tests). `file` then only names it; includes are refused.
  std::optional<std::string> text;
  EnvLookup env;  // empty = no variable is set
  // Names of those that are set and might be meant for us (own_variables): the misspelt among them
  // are warned of.
  std::vector<std::string> variables;
  std::optional<std::string> environment;  // --env
  std::vector<std::string> overrides;      // --set: "server.port=8444", later ones win
  std::vector<Flag> flags;                 // over --set
  std::vector<std::string> defaults;       // the same, where nothing else says anything
  BackendRule backends = BackendRule::required;
};

// A value that holds references to secrets.
struct SecretUse {
  std::string key;  // "agent.capabilities[0].backend.headers"
  std::string row;  // "agent.capabilities[].backend.headers"
  std::size_t index = 0;
  std::vector<std::string> names;
};

// A value; later parts keep it as it was given.
struct Loaded {
  Config config;                             // meaningful only when ok()
  std::vector<Diagnostic> diagnostics;       // all of them, in the order of the file
  std::vector<std::filesystem::path> files;  // the file and its includes, in order of reading
  // Where each value that was given stands, by full key; also "identity.allowed_trust_domains[1]".
  std::map<std::string, Place> origins;
  // Settings in force that production would refuse; the banner, log and metric name them.
  std::vector<std::string> insecure;
  std::vector<SecretUse> secrets;  // ${secret:…}; `config` holds the references, not the values
  std::size_t keys = 0;            // values that were given

  [[nodiscard]] bool ok() const { return count(diagnostics, Severity::error) == 0; }
};

// Never fails: what is wrong is in `diagnostics`, everything that is wrong at once.
[[nodiscard]] Loaded inspect(LoadRequest const& request);

// Why it is not ok(), in one line: the first error's code, place and message (a mistake in the
// command line before any in a file), with the full rendering of all findings in Error::context
// under "diagnostics".
[[nodiscard]] Error refusal(Loaded const& loaded);

// `inspect`, and its `refusal` when it is not ok().
[[nodiscard]] Result<Loaded> load(LoadRequest const& request);

// "production", "prod", "staging", "stage", "development", "dev"; nullopt for anything else.
[[nodiscard]] std::optional<Environment> parse_environment(std::string_view name);

// --- reload ------------------------------------------------------------------------------------
// restart_needed: this process goes on with the old value.
enum class Effect { reloadable, restart_needed };

struct Change {
  std::string key;
  Effect effect = Effect::restart_needed;
};

// Which keys differ, in the order of the table.
// Items of a list of mappings count as one change of the list. Keys only: values may be secrets.
[[nodiscard]] std::vector<Change> changed_keys(Config const& before, Config const& after);

// --- once the bundles are known ------------------------------------------------------------------
// AW1210 for each allowed trust domain that no known bundle serves, with the nearest known name.
// `known`: names of trust domains. Our own domain is never among the missing.
[[nodiscard]] std::vector<Diagnostic> check_bundles(Loaded const& loaded,
                                                    std::vector<std::string> const& known);

}  // namespace aw::config

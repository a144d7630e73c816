// SPDX-License-Identifier: Apache-2.0
// The files a policy is made of. Reads; blocks.
//
// `policy_dir` (or a bundle directory): every .rego below it, hidden entries left out (a Kubernetes
// ConfigMap keeps its machinery in those). Names are relative to it, sorted. Files ending in
// _test.rego are kept apart: they are run, never enforced.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/authz/config.h"
#include "core/base/result.h"
#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::authz {

// Where a policy comes from; any of these, together or alone.
struct PolicyLocation {
  std::string policy_dir;
  std::vector<std::string> data_files;
  std::string bundle;  // a directory laid out as an OPA bundle, or a .tar.gz of one
  BundleVerification verification;
  // An archive that came over the network: stands beside `policy_dir` as `bundle` does.
  std::shared_ptr<const std::string> downloaded = nullptr;
};

[[nodiscard]] inline PolicyLocation policy_location(Config const& config) {
  return {.policy_dir = config.policy_dir,
          .data_files = config.data_files,
          .bundle = config.bundle.file,
          .verification = config.bundle.verification};
}

// What was read, joined: nothing is compiled yet.
struct PolicyFiles {
  std::vector<rego::Source> modules;
  std::vector<rego::Source> tests;
  rego::Value data;
  std::string revision = {};  // of the bundle, when there is one
};

// Relative paths of the regular files below `root`, sorted, hidden entries left out.
// Links are followed to files. At most 4096. Whole or an error: a directory that cannot be walked
// to its end, or a policy or data file whose link leads nowhere.
[[nodiscard]] Result<std::vector<std::string>> policy_files_below(std::string const& root);

// Errors: policy_unreadable, policy_data, policy_signature, policy_unsupported.
[[nodiscard]] Result<PolicyFiles> read_policy_files(PolicyLocation const& location);

// Differs when any of the files changed, came or went. Cheap: looks at names, sizes and times.
// Not a digest: an edit that keeps inode, size and time is not seen.
[[nodiscard]] std::string policy_stamp(PolicyLocation const& location);

}  // namespace aw::authz

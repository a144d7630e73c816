// SPDX-License-Identifier: Apache-2.0
// `agentweave policy build PATH…`: an OPA bundle, signed if asked for, that `opa run --bundle` and
// authorization.bundle take.
#pragma once

#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/authz/bundle_signature.h"
#include "core/authz/config.h"

namespace aw::commands {

struct PolicyBuildOptions {
  std::vector<std::string> paths;
  enum class Kind { files, bundles } kind = Kind::files;
  std::string output = "bundle.tar.gz";
  std::string revision;
  std::vector<std::string> roots;  // empty: those of a bundle that is built again, or everything
  std::string signing_key;         // a PEM file, or the secret of HS256
  authz::BundleSigner signer;      // algorithm, key_id, scope
  std::string verification_key;    // what the given bundle must be signed with
  std::string verification_key_id;
};

// Compiles and runs the tests before anything is written. Errors: policy_*.
// `output` appears whole or not at all. The same input gives the same bytes unless it is signed
// with a randomized algorithm.
Result<void> run_policy_build(PolicyBuildOptions const& options, Context& context);
void register_policy_build(CLI::App& parent, Context& context);

}  // namespace aw::commands

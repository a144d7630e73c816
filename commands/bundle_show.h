// SPDX-License-Identifier: Apache-2.0
// `agentweave bundle show`: whom this workload can verify, and with which authorities.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct BundleShowOptions {
  WorkloadOptions workload;
  std::string trust_domain;  // empty = all in the list; the own one for a document
  enum class Form { list, pem, spiffe } form = Form::list;
};

// Blocks up to twice the timeout: identity, then bundles. Code::no_bundle for a domain that the
// Workload API does not give.
Result<void> run_bundle_show(BundleShowOptions const& options, Context& context);
void register_bundle_show(CLI::App& parent, Context& context);

}  // namespace aw::commands

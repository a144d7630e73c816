// SPDX-License-Identifier: Apache-2.0
// ${secret:NAME} in the configuration: where they stand, and how a copy gets the values.
//
// Loading never asks for a secret: what was loaded, shown and compared holds the references. They
// are filled in when the agent has its identity, into a copy that nobody prints.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/config/values.h"

namespace aw::config {

inline constexpr std::string_view kSecretReference = "${secret:";

// The names a text refers to, in order; none when there is no reference.
[[nodiscard]] std::vector<std::string> secret_names(std::string_view text);

// All references among the values. Findings: names that secrets.values does not have, and places a
// secret cannot stand: what is read before there is an identity, paths, programs and their
// arguments, whatever is no text.
[[nodiscard]] std::vector<SecretUse> find_secret_uses(Values const& values, Config const& config,
                                                      std::vector<Diagnostic>& found);

using SecretLookup = std::function<Result<Secret>(std::string const& name)>;

// Puts the secrets into `config`, use by use, and checks each value again as the table asks.
// Errors: the look-up's; Code::config_out_of_range for a value that does not fit (the key and the
// secret are named, the value is not).
[[nodiscard]] Result<void> fill_secrets(std::vector<SecretUse> const& uses, Config& config,
                                        SecretLookup const& lookup);

// Zeroes the texts that `fill_secrets` filled.
void wipe_secrets(std::vector<SecretUse> const& uses, Config& config);

}  // namespace aw::config

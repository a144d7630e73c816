// SPDX-License-Identifier: Apache-2.0
// The seam to whoever keeps secrets: environment, files, a command, HashiCorp Vault, AWS Secrets
// Manager, or an embedder's own.
//
// Any thread; blocks up to the configured timeout. Errors: Code::secret_unavailable (missing,
// refused, unreachable, late), Code::secret_malformed (too large, not what it should be),
// Code::key_permissions (a file that others may read or write). None holds a byte of a secret.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/svid.h"
#include "core/secrets/config.h"

namespace aw::secrets {

inline constexpr std::size_t kMaxSecretBytes = 64U << 10U;

// One serves all entries of its kind. The store asks it one question at a time.
class SecretsProvider {
 public:
  virtual ~SecretsProvider() = default;
  // The whole document; `Entry::key` is looked up by the caller.
  [[nodiscard]] virtual Result<Secret> fetch(Entry const& entry) = 0;
  // For people: "vault https://vault:8200 secret/app/db". No secret.
  [[nodiscard]] virtual std::string source(Entry const& entry) const = 0;
};

// Who we are, for those who ask. Empty functions: nobody yet.
struct Ourselves {
  std::function<std::optional<identity::Svid>()> svid;
  std::function<Result<std::string>(std::string const& audience)> jwt;  // a bearer token
};

using Variables = std::function<std::optional<std::string>(std::string const& name)>;

// The environment of this process.
[[nodiscard]] Variables process_variables();

[[nodiscard]] std::unique_ptr<SecretsProvider> env_provider(Variables variables);
// Owner: we or root. Mode: no one else may write it, and outside a directory that only we may enter
// no one else may read it; a file of a Kubernetes volume (root's, read-only) is as it is mounted.
// The last line break is not part of the secret.
[[nodiscard]] std::unique_ptr<SecretsProvider> file_provider();
// No shell; environment: PATH and HOME. Its output without the last line break; killed at the
// timeout.
[[nodiscard]] std::unique_ptr<SecretsProvider> exec_provider(std::chrono::nanoseconds timeout,
                                                             Variables const& variables);
[[nodiscard]] std::unique_ptr<SecretsProvider> vault_provider(Config const& config, Ourselves who,
                                                              Clock const& clock);
[[nodiscard]] std::unique_ptr<SecretsProvider> aws_provider(Config const& config,
                                                            Variables const& variables,
                                                            Clock const& clock);

}  // namespace aw::secrets

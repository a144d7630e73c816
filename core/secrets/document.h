// SPDX-License-Identifier: Apache-2.0
// Reading what keepers of secrets answer. Pure, bounded, strict; fuzzed
// (tests/fuzz/secret_answers.cc). Error: Code::secret_malformed, without a word of the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"

namespace aw::secrets {

// All of the document, or the member `key` of it: texts as they are, numbers and booleans as JSON
// writes them. Nothing empty, nothing with a NUL, nothing above kMaxSecretBytes.
[[nodiscard]] Result<Secret> pick(Secret document, std::string_view key);

// Vault: {"auth":{"client_token","lease_duration"}} of a login.
struct VaultLogin {
  Secret token;
  std::chrono::seconds lease{0};
};
[[nodiscard]] Result<VaultLogin> read_vault_login(std::string_view body);
// Vault KV 2: the object at data.data, as JSON.
[[nodiscard]] Result<Secret> read_vault_secret(std::string_view body);
// Vault's {"errors":["…"]} in one printable line of 200 bytes at the most; empty when there is
// none.
[[nodiscard]] std::string vault_complaint(std::string_view body);

// AWS Secrets Manager: SecretString, or SecretBinary decoded.
[[nodiscard]] Result<Secret> read_aws_secret(std::string_view body);
// {"__type":"…#ResourceNotFoundException"}: its last word.
[[nodiscard]] std::string aws_complaint(std::string_view body);

struct AwsKeys {
  std::string id;
  Secret secret;
  Secret session;  // empty: long-lived keys
  // When they end; none for long-lived ones.
  std::optional<WallTime> expires = std::nullopt;

  [[nodiscard]] AwsKeys clone() const;
};
// The metadata service's document, and that of ECS and EKS Pod Identity.
[[nodiscard]] Result<AwsKeys> read_aws_keys(std::string_view body);
// STS AssumeRoleWithWebIdentity's XML.
[[nodiscard]] Result<AwsKeys> read_sts_answer(std::string_view body);

}  // namespace aw::secrets

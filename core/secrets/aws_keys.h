// SPDX-License-Identifier: Apache-2.0
// Where AWS keys come from, in the order AWS's own tools look: variables, web identity (a token
// file exchanged at STS), the container endpoint (ECS, EKS Pod Identity), the machine's metadata
// (IMDSv2).
//
// Any thread; blocks. Keys are kept until shortly before their end. Errors:
// Code::secret_unavailable.
#pragma once

#include <mutex>
#include <string>

#include "core/secrets/document.h"
#include "core/secrets/provider.h"

namespace aw::secrets {

class AwsKeySource {
 public:
  AwsKeySource(Config const& config, std::string region, Variables variables, Clock const& clock);

  [[nodiscard]] Result<AwsKeys> keys();
  // Forgets them: they were refused.
  void forget();

 private:
  Result<AwsKeys> find();
  Result<AwsKeys> by_web_identity(std::string const& token_file);
  Result<AwsKeys> by_container(std::string const& url);
  Result<AwsKeys> by_metadata();

  AwsConfig config_;
  std::chrono::nanoseconds timeout_;
  std::string region_;
  Variables variables_;
  Clock const& clock_;
  std::mutex mutex_;  // guards kept_; held while somebody is asked
  std::optional<AwsKeys> kept_;
};

}  // namespace aw::secrets

// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4 ("Create a signed AWS API request" of the AWS documentation). Pure: the
// time is given; any thread. Held to AWS's published vectors (tests/unit/secrets/sigv4_test.cc).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/secrets/document.h"

namespace aw::secrets {

struct AwsRequest {
  std::string method;  // upper case
  std::string host;    // as the Host header says it, with the port when it is not the scheme's own
  std::string path = "/";                                         // already percent-encoded, once
  std::vector<std::pair<std::string, std::string>> query = {};    // decoded
  std::vector<std::pair<std::string, std::string>> headers = {};  // host and x-amz-date are added
  std::string body = {};
};

struct AwsScope {
  std::string region;
  std::string service;
};

// The headers to send with it: x-amz-date, x-amz-security-token (with temporary keys),
// authorization. What `request.headers` has is signed with them.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> sign_v4(AwsRequest const& request,
                                                                       AwsScope const& scope,
                                                                       AwsKeys const& keys,
                                                                       WallTime now);

// "20150830T123600Z"
[[nodiscard]] std::string amz_date(WallTime time);

}  // namespace aw::secrets

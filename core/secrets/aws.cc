// SPDX-License-Identifier: Apache-2.0
// AWS Secrets Manager: GetSecretValue, signed with Signature Version 4.
#include "core/base/json.h"
#include "core/secrets/aws_keys.h"
#include "core/secrets/provider.h"
#include "core/secrets/sigv4.h"
#include "core/secrets/web.h"

namespace aw::secrets {
namespace {

std::string region_of(AwsConfig const& config, Variables const& variables) {
  if (!config.region.empty()) return config.region;
  for (auto const* const name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (auto value = variables(name); value && !value->empty()) return *value;
  return {};
}

// The authority of a URL: what the Host header will say.
std::string authority_of(std::string const& url) {
  auto const rest = url.substr(url.find("://") + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

class AwsProvider final : public SecretsProvider {
 public:
  AwsProvider(Config const& config, Variables const& variables, Clock const& clock)
      : region_(region_of(config.aws, variables)),
        endpoint_(config.aws.endpoint.empty()
                      ? "https://secretsmanager." + region_ + ".amazonaws.com"
                      : config.aws.endpoint),
        timeout_(config.timeout),
        keys_(config, region_, variables, clock),
        clock_(clock) {
    while (endpoint_.ends_with('/')) endpoint_.pop_back();
  }

  Result<Secret> fetch(Entry const& entry) override {
    if (region_.empty())
      return make_error(Code::secret_unavailable, "no AWS region",
                        "secrets.aws.region, or AWS_REGION");
    AW_TRY(auto answer, ask(entry));
    if (answer.status != 200 && expired(aws_complaint(answer.body))) {
      keys_.forget();
      AW_TRY(answer, ask(entry));
    }
    if (answer.status == 200) return with_context(read_aws_secret(answer.body), "aws " + entry.id);
    auto message = "aws: get " + entry.id + ": status " + std::to_string(answer.status);
    if (auto const words = aws_complaint(answer.body); !words.empty()) message += ' ' + words;
    return make_error(Code::secret_unavailable, std::move(message));
  }

  [[nodiscard]] std::string source(Entry const& entry) const override {
    return "aws " + region_ + ' ' + entry.id;
  }

 private:
  static bool expired(std::string_view complaint) {
    return complaint == "ExpiredTokenException" || complaint == "UnrecognizedClientException";
  }

  Result<WebAnswer> ask(Entry const& entry) {
    AW_TRY(auto const keys, keys_.keys());
    AwsRequest request{.method = "POST", .host = authority_of(endpoint_)};
    request.headers = {{"content-type", "application/x-amz-json-1.1"},
                       {"x-amz-target", "secretsmanager.GetSecretValue"}};
    json::Writer(request.body).begin_object().member("SecretId", entry.id).end_object();
    auto const added =
        sign_v4(request, {.region = region_, .service = "secretsmanager"}, keys, clock_.now());
    WebRequest call{.method = "POST",
                    .url = endpoint_ + "/",
                    .headers = request.headers,
                    .body = request.body,
                    .timeout = timeout_};
    call.headers.insert(call.headers.end(), added.begin(), added.end());
    return web_call(std::move(call));
  }

  std::string region_;
  std::string endpoint_;
  std::chrono::nanoseconds timeout_;
  AwsKeySource keys_;
  Clock const& clock_;
};

}  // namespace

std::unique_ptr<SecretsProvider> aws_provider(Config const& config, Variables const& variables,
                                              Clock const& clock) {
  return std::make_unique<AwsProvider>(config, variables, clock);
}

}  // namespace aw::secrets

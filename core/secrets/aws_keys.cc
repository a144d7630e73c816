// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/aws_keys.h"

#include <algorithm>

#include "core/base/percent.h"
#include "core/base/text.h"
#include "core/secrets/sigv4.h"
#include "core/secrets/web.h"

namespace aw::secrets {
namespace {

constexpr auto kKeysMargin = std::chrono::minutes(2);
constexpr std::string_view kNobody =
    "no AWS credentials: AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, a container endpoint, or "
    "an "
    "instance role";

std::string value_or_empty(Variables const& variables, std::string const& name) {
  return variables(name).value_or(std::string());
}

Error key_refusal(std::string const& doing, WebAnswer const& answer) {
  auto message = "aws: " + doing + ": status " + std::to_string(answer.status);
  if (auto const words = aws_complaint(answer.body); !words.empty()) message += ' ' + words;
  return make_error(Code::secret_unavailable, std::move(message));
}

Result<Secret> file_text(std::string const& path) {
  Entry entry;
  entry.file = path;
  return file_provider()->fetch(entry);
}

// A role's name goes into a path.
bool is_role_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("+=,.@_-").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

AwsKeySource::AwsKeySource(Config const& config, std::string region, Variables variables,
                           Clock const& clock)
    : config_(config.aws),
      timeout_(config.timeout),
      region_(std::move(region)),
      variables_(std::move(variables)),
      clock_(clock) {}

Result<AwsKeys> AwsKeySource::keys() {
  std::lock_guard const lock(mutex_);
  if (!kept_ || (kept_->expires && clock_.now() + kKeysMargin >= *kept_->expires)) {
    AW_TRY(auto found, find());
    kept_.emplace(std::move(found));
  }
  return kept_->clone();
}

void AwsKeySource::forget() {
  std::lock_guard const lock(mutex_);
  kept_.reset();
}

Result<AwsKeys> AwsKeySource::find() {
  if (auto id = variables_("AWS_ACCESS_KEY_ID"); id && !id->empty()) {
    auto secret = value_or_empty(variables_, "AWS_SECRET_ACCESS_KEY");
    if (secret.empty())
      return make_error(Code::secret_unavailable, "AWS_SECRET_ACCESS_KEY is not set");
    return AwsKeys{.id = std::move(*id),
                   .secret = Secret(std::move(secret)),
                   .session = Secret(value_or_empty(variables_, "AWS_SESSION_TOKEN"))};
  }
  if (auto const file = value_or_empty(variables_, "AWS_WEB_IDENTITY_TOKEN_FILE"); !file.empty())
    return by_web_identity(file);
  if (auto const url = value_or_empty(variables_, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
      !url.empty())
    return by_container(url);
  auto const relative = value_or_empty(variables_, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (relative.starts_with('/')) return by_container("http://169.254.170.2" + relative);
  if (text::equal_ignoring_case(value_or_empty(variables_, "AWS_EC2_METADATA_DISABLED"), "true"))
    return make_error(Code::secret_unavailable, std::string(kNobody));
  return by_metadata();
}

// STS AssumeRoleWithWebIdentity: the token is the proof, so the request is not signed.
Result<AwsKeys> AwsKeySource::by_web_identity(std::string const& token_file) {
  auto const role = value_or_empty(variables_, "AWS_ROLE_ARN");
  if (role.empty()) return make_error(Code::secret_unavailable, "AWS_ROLE_ARN is not set");
  auto session = value_or_empty(variables_, "AWS_ROLE_SESSION_NAME");
  if (session.empty()) session = "agentweave";
  AW_TRY(auto const token, with_context(file_text(token_file), "AWS_WEB_IDENTITY_TOKEN_FILE"));
  WebRequest request{.method = "POST",
                     .url = config_.sts_endpoint.empty()
                                ? "https://sts." + region_ + ".amazonaws.com/"
                                : config_.sts_endpoint,
                     .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                     .timeout = timeout_};
  request.body =
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" + percent_encoded(role) +
      "&RoleSessionName=" + percent_encoded(session) +
      "&WebIdentityToken=" + percent_encoded(text::trim(token.reveal()));
  AW_TRY(auto const answer, web_call(std::move(request)));
  if (answer.status != 200) return key_refusal("AssumeRoleWithWebIdentity", answer);
  return with_context(read_sts_answer(answer.body), "sts");
}

Result<AwsKeys> AwsKeySource::by_container(std::string const& url) {
  WebRequest request{.url = url, .timeout = timeout_, .proxy = WebRequest::Proxy::none};
  auto token = value_or_empty(variables_, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (auto const file = value_or_empty(variables_, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
      !file.empty()) {
    AW_TRY(auto const text, file_text(file));
    token = text::trim(text.reveal());
  }
  if (!token.empty()) request.headers.emplace_back("authorization", std::move(token));
  AW_TRY(auto const answer, web_call(std::move(request)));
  if (answer.status != 200) return key_refusal("container credentials", answer);
  return with_context(read_aws_keys(answer.body), "container credentials");
}

// IMDSv2 only: a token by PUT first. Its hop limit keeps it on this machine; version 1 can be asked
// by whoever gets us to fetch a URL.
Result<AwsKeys> AwsKeySource::by_metadata() {
  auto const ask = [this](std::string method, std::string const& path,
                          std::pair<std::string, std::string> header) {
    return web_call(
        {.method = std::move(method),
         .url = config_.metadata_endpoint + "/latest/" + path,
         .headers = {std::move(header)},
         .timeout = std::min<std::chrono::nanoseconds>(timeout_, std::chrono::seconds(2)),
         .proxy = WebRequest::Proxy::none});
  };
  auto const token = ask("PUT", "api/token", {"x-aws-ec2-metadata-token-ttl-seconds", "300"});
  if (!token.ok()) {
    return make_error(Code::secret_unavailable,
                      std::string(kNobody) + " (" + token.error().message + ')');
  }
  if (token->status != 200) return key_refusal("metadata token", *token);
  std::pair<std::string, std::string> const proof{"x-aws-ec2-metadata-token",
                                                  std::string(text::trim(token->body))};
  constexpr auto kPath = "meta-data/iam/security-credentials/";
  AW_TRY(auto const names, ask("GET", kPath, proof));
  if (names.status != 200) return key_refusal("instance role", names);
  auto const name = std::string(text::trim(text::split(names.body, '\n').front()));
  if (!is_role_name(name))
    return make_error(Code::secret_malformed, "the metadata service names no role");
  AW_TRY(auto const answer, ask("GET", kPath + name, proof));
  if (answer.status != 200) return key_refusal("instance credentials", answer);
  return with_context(read_aws_keys(answer.body), "instance credentials");
}

}  // namespace aw::secrets

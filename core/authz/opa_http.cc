// SPDX-License-Identifier: Apache-2.0
#include "core/authz/opa_http.h"

#include <utility>
#include <vector>

#include "core/http/web_security.h"

namespace aw::authz {
namespace {

class HttpOpaTransport final : public OpaTransport {
 public:
  HttpOpaTransport(http::Client& client, std::vector<http::Url> urls, http::Security security,
                   std::shared_ptr<LiveText const> token)
      : client_(client),
        urls_(std::move(urls)),
        security_(std::move(security)),
        token_(std::move(token)) {}

  io::Task<Result<OpaAnswer>> send(OpaRequest request) override {
    auto const& url = urls_[request.endpoint];
    http::Request out;
    bool const asks = request.method == OpaRequest::Method::post;
    out.method = asks ? "POST" : "GET";
    out.set_target(url.target + request.target);
    if (asks) out.headers.add("content-type", "application/json");
    out.headers.add("accept", "application/json");
    if (auto const token = token_->get(); !token.empty())
      out.headers.add("authorization", "Bearer " + token);
    out.body = std::move(request.body);
    http::CallOptions options;
    options.deadline = request.deadline;
    options.max_body = request.max_bytes;
    // A query changes nothing, so it may be asked again when a kept connection turns out dead.
    options.repeat = http::Repeat::always;
    if (url.endpoint.scheme == http::Scheme::https) options.security = &security_;
    auto answer = co_await client_.send(url.endpoint, std::move(out), options);
    if (!answer.ok()) co_return std::move(answer).error();
    co_return OpaAnswer{.status = answer->status, .body = std::move(answer->body)};
  }

 private:
  http::Client& client_;
  std::vector<http::Url> const urls_;
  http::Security const security_;
  std::shared_ptr<LiveText const> const token_;  // shared with who rotates it
};

}  // namespace

Result<std::unique_ptr<OpaTransport>> http_opa_transport(Config const& config, http::Client& client,
                                                         std::optional<http::Security> security,
                                                         std::shared_ptr<LiveText const> token) {
  if (!token) token = std::make_shared<LiveText>(config.opa_token);
  std::vector<http::Url> urls;
  bool secure = false;
  for (auto const& text : config.opa_endpoints) {
    auto url = http::parse_url(text);
    if (!url.ok()) {
      auto error = std::move(url).error().within("authorization.opa_endpoints: " + text);
      error.code = Code::config_unsupported;
      return error;
    }
    // The target of a request begins with a slash of its own.
    while (url->target.ends_with('/')) url->target.pop_back();
    secure = secure || url->endpoint.scheme == http::Scheme::https;
    urls.push_back(std::move(*url));
  }
  if (!security && secure) {
    AW_TRY(security, http::web_security(config.opa_ca_path));
  }
  return std::unique_ptr<OpaTransport>(std::make_unique<HttpOpaTransport>(
      client, std::move(urls), std::move(security).value_or(http::Security{}), std::move(token)));
}

}  // namespace aw::authz

// SPDX-License-Identifier: Apache-2.0
#include "core/authz/bundle_source.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "core/authz/bundle_archive.h"
#include "core/authz/opa_http.h"
#include "core/http/web_security.h"
#include "core/io/task.h"

namespace aw::authz {
namespace {

using Answered = std::optional<Result<http::Response>>;

io::Task<void> ask_service(http::Client& client, http::Endpoint endpoint, http::Request request,
                           http::CallOptions options, Answered* out) {
  out->emplace(co_await client.send(std::move(endpoint), std::move(request), options));
}

class HttpBundleSource final : public BundleSource {
 public:
  HttpBundleSource(http::Client& client, http::Url url, std::optional<http::Security> security,
                   BundleConfig const& config)
      : client_(client),
        url_(std::move(url)),
        security_(std::move(security)),
        authorization_(config.token.empty() ? "" : "Bearer " + config.token),
        timeout_(config.polling.timeout) {}

  Result<BundleAnswer> fetch(std::string const& etag, std::stop_token stop) override {
    http::Request request;
    request.method = "GET";
    request.set_target(url_.target);
    request.headers.add("accept", "application/gzip, application/octet-stream, */*");
    if (!authorization_.empty()) request.headers.add("authorization", authorization_);
    if (!etag.empty()) request.headers.add("if-none-match", etag);
    AW_TRY(auto answer, ask(std::move(request), stop));
    auto const tag = answer.headers.get("etag");
    BundleAnswer out{
        .changed = answer.status == 200, .archive = {}, .etag = std::string(tag.value_or(""))};
    if (answer.status == 304 && !etag.empty()) return out;
    if (answer.status != 200) {
      return make_error(Code::policy_unreadable,
                        "the bundle service answers with status " + std::to_string(answer.status));
    }
    out.archive = std::move(answer.body);
    return out;
  }

 private:
  // A loop of its own, which `stop` ends: shutting down does not wait for a slow service.
  Result<http::Response> ask(http::Request request, std::stop_token const& stop) {
    boost::asio::io_context loop(1);
    std::stop_callback const end(stop, [&loop] { loop.stop(); });
    http::CallOptions options;
    options.deadline = SystemClock().steady() + timeout_;
    options.max_body = ArchiveLimits{}.packed;
    if (security_) options.security = &*security_;
    Answered answer;
    boost::asio::co_spawn(loop,
                          ask_service(client_, url_.endpoint, std::move(request), options, &answer),
                          [&answer](std::exception_ptr failed) {
                            if (failed) answer.emplace(make_error(Code::io, "the download failed"));
                          });
    loop.run();
    if (!answer) return make_error(Code::interrupted, "stopped while downloading the bundle");
    return *std::move(answer);
  }

  http::Client& client_;
  http::Url const url_;
  std::optional<http::Security> const security_;
  std::string const authorization_;
  std::chrono::nanoseconds const timeout_;
};

}  // namespace

Result<std::unique_ptr<BundleSource>> http_bundle_source(BundleConfig const& config,
                                                         http::Client& client,
                                                         std::optional<http::Security> security) {
  auto url = http::parse_url(config.url);
  if (!url.ok()) {
    auto error = std::move(url).error().within("authorization.bundle.url: " + config.url);
    error.code = Code::config_unsupported;
    return error;
  }
  if (!security && url->endpoint.scheme == http::Scheme::https) {
    AW_TRY(security, http::web_security(config.ca_path));
  }
  return std::unique_ptr<BundleSource>(
      std::make_unique<HttpBundleSource>(client, *std::move(url), std::move(security), config));
}

}  // namespace aw::authz

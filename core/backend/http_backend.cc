// SPDX-License-Identifier: Apache-2.0
#include "core/backend/http_backend.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/backend/events.h"
#include "core/backend/live_pairs.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::backend {
namespace {

constexpr std::size_t kMaxWords = 512;

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  boost::system::error_code ec;
  auto const address = boost::asio::ip::make_address(std::string(host), ec);
  return !ec && address.is_loopback();
}

// What the caller of the service sees of a failed connection; the rest is for the log.
Error as_backend_error(Error error) {
  switch (error.code) {
    case Code::timeout:
      error.code = Code::backend_timeout;
      break;
    case Code::too_large:
    case Code::protocol:
      error.code = Code::backend_answer_malformed;
      break;
    case Code::overloaded:
      break;
    default:
      error.code = Code::backend_unreachable;
      break;
  }
  return std::move(error).within("backend");
}

std::string content_type(http::ResponseStream const& answer) {
  auto const value = answer.headers().get("content-type").value_or(std::string_view());
  return text::lower(text::trim(value.substr(0, value.find(';'))));
}

bool is_json(std::string_view type) {
  return type.empty() || type == "application/json" || type.ends_with("+json");
}

io::Task<Result<std::string>> read_all(http::ResponseStream& answer, std::size_t limit,
                                       SteadyTime until) {
  std::string body;
  for (;;) {
    auto piece = co_await answer.read(until);
    if (!piece.ok()) co_return as_backend_error(std::move(piece).error());
    if (piece->empty()) co_return body;
    if (body.size() + piece->size() > limit)
      co_return make_error(Code::backend_answer_malformed, "backend: the answer is too large");
    body += *piece;
  }
}

io::Task<Result<void>> read_events(http::ResponseStream& answer, Output& output, std::size_t limit,
                                   SteadyTime until) {
  http::SseParser parser(limit);
  EventReader reader(output);
  std::size_t total = 0;
  for (;;) {
    auto piece = co_await answer.read(until);
    if (!piece.ok()) co_return as_backend_error(std::move(piece).error());
    if (piece->empty()) break;
    total += piece->size();
    if (total > limit)
      co_return make_error(Code::backend_answer_malformed, "backend: the stream is too large");
    if (auto fed = parser.feed(*piece); !fed.ok())
      co_return as_backend_error(std::move(fed).error());
    while (auto event = parser.next()) AW_CO_TRY(reader.take(*event));
  }
  reader.finish();
  co_return Result<void>{};
}

class HttpBackend final : public Backend {
 public:
  HttpBackend(http::Url url, std::optional<http::Security> security, Config const& config,
              Tools tools)
      : url_(std::move(url)),
        security_(std::move(security)),
        limit_(config.max_output_bytes),
        headers_(config.headers),
        tools_(tools) {}

  [[nodiscard]] bool renew(Config const& config) override {
    headers_.set(config.headers);
    return true;
  }

  io::Task<Result<void>> run(Call call, Output& output) override {
    auto const until = call.deadline;
    http::CallOptions options{.deadline = until, .max_body = limit_};
    if (security_) options.security = &*security_;
    auto opened = co_await tools_.client.open(url_.endpoint, request_for(call), options);
    if (!opened.ok()) co_return as_backend_error(std::move(opened).error());
    auto& answer = **opened;
    auto const type = content_type(answer);
    if (answer.status() < 200 || answer.status() > 299) {
      AW_CO_TRY(auto body, co_await read_all(answer, limit_, until));
      co_return refused(answer.status(), type, body);
    }
    if (type == http::kSseContentType)
      co_return co_await read_events(answer, output, limit_, until);
    AW_CO_TRY(auto body, co_await read_all(answer, limit_, until));
    co_return deliver(type, std::move(body), output);
  }

 private:
  // Built from nothing: no header of the caller's request reaches the service.
  [[nodiscard]] http::Request request_for(Call const& call) const {
    http::Request request;
    request.method = "POST";
    request.set_target(url_.target);
    request.headers.add("content-type", "application/json");
    request.headers.add("accept", "application/json, text/event-stream");
    request.headers.add("x-agentweave-caller", call.caller);
    request.headers.add("x-agentweave-decision-id", call.decision_id);
    if (!call.xfcc.empty()) request.headers.add("x-forwarded-client-cert", call.xfcc);
    if (!call.traceparent.empty()) request.headers.add("traceparent", call.traceparent);
    headers_.each([&request](std::string_view name, std::string_view value) {
      request.headers.add(name, value);
    });
    request.body = call_document(call);
    return request;
  }

  static Error refused(int status, std::string_view type, std::string_view body) {
    auto said = "the backend answered " + std::to_string(status);
    // A 4xx is meant for whoever asked; a 5xx may hold what nobody outside should read.
    if (status < 400) return make_error(Code::backend_answer_malformed, std::move(said));
    if (status < 500)
      if (auto words = refusal_text(type, body); !words.empty()) said += ": " + words;
    return make_error(Code::backend_failed, std::move(said));
  }

  static Result<void> deliver(std::string_view type, std::string body, Output& output) {
    if (body.empty()) return {};
    if (is_json(type)) {
      output.result(std::move(body));
    } else if (type.starts_with("text/")) {
      std::string json;
      json::append_string(json, body);
      output.result(std::move(json));
    } else {
      output.artifact({.artifact_id = "output",
                       .name = "output",
                       .media_type = std::string(type),
                       .filename = {},
                       .content = Content::base64,
                       .value = text::to_base64(body)});
    }
    return {};
  }

  http::Url url_;
  std::optional<http::Security> security_;
  std::size_t limit_;
  LivePairs headers_;
  Tools tools_;
};

}  // namespace

std::string call_document(Call const& call) {
  std::string body;
  body.reserve(call.payload.size() + call.message.size() + 512);
  json::Writer out(body);
  out.begin_object().member("task_type", call.capability).member("capability", call.capability);
  out.key("payload").raw(call.payload.empty() ? "{}" : std::string_view(call.payload));
  out.member("task_id", call.task_id).member("context_id", call.context_id);
  out.member("caller", call.caller).member("decision_id", call.decision_id);
  if (!call.message.empty()) out.key("message").raw(call.message);
  out.end_object();
  return body;
}

std::string refusal_text(std::string_view content_type, std::string_view body) {
  std::string words;
  if (is_json(content_type)) {
    auto const parsed = json::parse(body, {.bytes = 64U << 10, .depth = 16});
    if (!parsed.ok() || !parsed->is_object()) return {};
    for (auto const* const name : {"error", "detail", "message"}) {
      auto const found = parsed->find(name);
      if (found == parsed->end()) continue;
      if (found->is_string()) words = found->get<std::string>();
      if (found->is_object() && found->contains("message") && (*found)["message"].is_string())
        words = (*found)["message"].get<std::string>();
      if (!words.empty()) break;
    }
  } else if (content_type == "text/plain") {
    words = std::string(text::trim(body));
  }
  return text::printable(std::string_view(words).substr(0, kMaxWords));
}

Result<std::unique_ptr<Backend>> make_http_backend(Config const& config, Tools tools) {
  AW_TRY(auto url, http::parse_url(config.url));
  if (url.endpoint.scheme == http::Scheme::http && !is_loopback(url.endpoint.host))
    return make_error(Code::config_conflict,
                      "backend " + config.url + " would be called without encryption",
                      "use a loopback address, a unix socket, or https");
  std::optional<http::Security> security;
  if (url.endpoint.scheme == http::Scheme::https) {
    AW_TRY(auto context, tls::Context::web_client({}));
    security.emplace();
    security->context = [context]() -> Result<std::shared_ptr<const tls::Context>> {
      return context;
    };
    security->name = "web";
  }
  return std::unique_ptr<Backend>(
      std::make_unique<HttpBackend>(std::move(url), std::move(security), config, tools));
}

}  // namespace aw::backend

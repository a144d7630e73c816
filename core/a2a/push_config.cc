// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/push_config.h"

#include <algorithm>

#include "core/base/text.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kMaxPushUrl = 2'048;
constexpr std::size_t kMaxPushSecret = 4'096;
constexpr std::size_t kMaxPushId = 128;

Error bad_push(std::string what) { return make_error(Code::request_malformed, std::move(what)); }

// May stand in a header's value: no line break, no control character (RFC 9110 §5.5).
bool header_safe(std::string_view text, std::size_t most) {
  return text.size() <= most && std::ranges::all_of(text, [](char c) {
           auto const byte = static_cast<unsigned char>(c);
           return byte >= 0x20 && byte != 0x7F;
         });
}

bool url_safe(std::string_view url) {
  return std::ranges::all_of(url, [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7F;
  });
}

Result<void> check_url(std::string_view url) {
  if (url.empty()) return bad_push("url is required");
  auto const scheme = text::lower(url.substr(0, url.find(':')));
  if (url.size() > kMaxPushUrl || !url_safe(url) || (scheme != "https" && scheme != "http") ||
      !url.substr(scheme.size()).starts_with("://"))
    return bad_push("url must be an http or https address of at most 2048 characters");
  // user:password@host would go out in a header nobody checked.
  auto const authority = url.substr(
      scheme.size() + 3, url.find_first_of("/?#", scheme.size() + 3) - (scheme.size() + 3));
  if (authority.empty() || authority.contains('@'))
    return bad_push("url must name a host and no user");
  return {};
}

// The object that has `url`, whatever it is wrapped in; outer ids are picked up on the way.
JsonView innermost(JsonView view, Webhook& config) {
  for (int i = 0; i < 3; ++i) {
    JsonObject const from(view);
    if (auto id = from.text("configId"); !id.empty()) config.id = std::move(id);
    if (auto id = from.text("taskId"); !id.empty()) config.task_id = std::move(id);
    auto const inner = from.get(from.get("config").present() ? "config" : "pushNotificationConfig");
    if (!inner.is(JsonView::Kind::object)) return view;
    view = inner;
  }
  return view;
}

Result<void> read_authentication(JsonView view, Webhook& config) {
  if (!view.present()) return {};
  if (!view.is(JsonView::Kind::object)) return bad_push("authentication must be an object");
  JsonObject const from(view);
  config.scheme = from.text("scheme");
  if (config.scheme.empty())
    if (auto const schemes = from.get("schemes").elements(); !schemes.empty())
      config.scheme = schemes.front().string().value_or(std::string());
  config.credentials = from.text("credentials");
  if (config.scheme.empty() && config.credentials.empty()) return {};  // {}: none
  if (config.scheme.empty()) return bad_push("authentication.scheme is required");
  if (!http::is_token(config.scheme)) return bad_push("authentication.scheme must be a token");
  if (!header_safe(config.credentials, kMaxPushSecret))
    return bad_push("authentication.credentials must fit a header");
  return {};
}

void write_authentication(json::Writer& out, Webhook const& config, Spelling spelling) {
  if (config.scheme.empty()) return;
  out.key("authentication").begin_object();
  if (spelling == Spelling::v1) {
    out.member("scheme", config.scheme);
  } else {
    out.key("schemes").begin_array().string(config.scheme).end_array();
  }
  if (!config.credentials.empty()) out.member("credentials", config.credentials);
  out.end_object();
}

void write_webhook(json::Writer& out, Webhook const& config, Spelling spelling) {
  out.member("url", config.url);
  if (!config.token.empty()) out.member("token", config.token);
  write_authentication(out, config, spelling);
}

}  // namespace

Result<Webhook> parse_push_config(JsonView view) {
  if (!view.is(JsonView::Kind::object)) return bad_push("the configuration must be an object");
  Webhook config;
  JsonObject const from(innermost(view, config));
  if (auto id = from.text("id"); !id.empty()) config.id = std::move(id);
  if (auto id = from.text("taskId"); !id.empty()) config.task_id = std::move(id);
  config.url = from.text("url");
  config.token = from.text("token");
  AW_TRY(check_url(config.url));
  if (!header_safe(config.token, kMaxPushSecret)) return bad_push("token must fit a header");
  if (!header_safe(config.id, kMaxPushId) || config.id.contains('/'))
    return bad_push("id must be at most 128 printable characters");
  AW_TRY(read_authentication(from.get("authentication"), config));
  return config;
}

void write_push_config(json::Writer& out, Webhook const& config, Spelling spelling) {
  out.begin_object();
  if (spelling == Spelling::v1) {
    out.member("id", config.id).member("taskId", config.task_id);
    write_webhook(out, config, spelling);
    out.end_object();
    return;
  }
  if (spelling == Spelling::v03) {
    out.member("taskId", config.task_id);
  } else {
    out.member("name", "tasks/" + config.task_id + "/pushNotificationConfigs/" + config.id);
  }
  out.key("pushNotificationConfig").begin_object().member("id", config.id);
  write_webhook(out, config, spelling);
  out.end_object().end_object();
}

std::string push_record(Webhook const& config) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("id", config.id).member("taskId", config.task_id);
  write_webhook(out, config, Spelling::v1);
  if (!config.owner.empty()) out.member("owner", config.owner);
  out.member("dialect", dialect_name(config.dialect)).end_object();
  return text;
}

Result<Webhook> parse_push_record(std::string_view text) {
  AW_TRY(check_json(text));
  JsonView const view(text);
  AW_TRY(auto config, parse_push_config(view));
  if (config.id.empty() || config.task_id.empty()) return bad_push("a record without its ids");
  config.owner = view.get("owner").string().value_or(std::string());  // none in older records
  config.dialect = view.get("dialect").string() == "0.3" ? Dialect::v0_3 : Dialect::v1_0;
  return config;
}

}  // namespace aw::a2a

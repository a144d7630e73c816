// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/secrets/provider.h"

namespace aw::secrets {
namespace {

using json::Json;

constexpr std::size_t kMaxAnswer = 512U << 10U;
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxComplaint = 200;

Error malformed_answer(std::string_view what) {
  return make_error(Code::secret_malformed, std::string(what));
}

// The parser's own words may quote the answer: they are dropped.
Result<Json> object_in(std::string_view body, std::string_view whose) {
  auto parsed = json::parse(body, {.bytes = kMaxAnswer, .depth = kMaxDepth});
  if (!parsed.ok() || !parsed->is_object())
    return malformed_answer(std::string(whose) + " is no JSON object");
  return parsed;
}

Json const* member(Json const& object, char const* name) {
  if (!object.is_object()) return nullptr;
  auto const found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// The text at `name`, taken out so that the tree keeps no copy.
std::optional<Secret> take_text(Json& object, char const* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_string())
    return std::nullopt;
  auto& text = object[name].get_ref<std::string&>();
  Secret out(text);
  wipe(text);
  return out;
}

// What stands between <tag> and </tag>, first of that name; XML's five entities are not in keys.
std::optional<std::string_view> element(std::string_view xml, std::string_view tag) {
  std::string const open = "<" + std::string(tag) + ">";
  auto const begin = xml.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  auto const from = begin + open.size();
  auto const end = xml.find("</" + std::string(tag) + ">", from);
  if (end == std::string_view::npos) return std::nullopt;
  auto const text = text::trim(xml.substr(from, end - from));
  if (text.empty() || text.find_first_of("<>&") != std::string_view::npos) return std::nullopt;
  return text;
}

// Header values are made of these: nothing that could end a line.
bool clean(std::string_view text) {
  return !text.empty() && text.size() <= 16U << 10U &&
         std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 127; });
}

Result<AwsKeys> checked_keys(AwsKeys keys) {
  bool const fine = clean(keys.id) && clean(keys.secret.reveal()) &&
                    (keys.session.empty() || clean(keys.session.reveal()));
  if (!fine) return malformed_answer("the answer holds no usable AWS keys");
  return keys;
}

Result<Secret> text_of(Json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    Secret out(text);
    wipe(text);
    return out;
  }
  if (value.is_number() || value.is_boolean()) return Secret(value.dump());
  return malformed_answer("the member is neither text nor a number");
}

}  // namespace

AwsKeys AwsKeys::clone() const {
  return {.id = id, .secret = secret.clone(), .session = session.clone(), .expires = expires};
}

Result<Secret> pick(Secret document, std::string_view key) {
  Secret out = std::move(document);
  if (!key.empty()) {
    auto parsed = object_in(out.reveal(), "the document");
    if (!parsed.ok()) return std::move(parsed).error();
    auto const found = parsed->find(key);
    if (found == parsed->end())
      return malformed_answer("the document has no member \"" + text::printable(key) + '"');
    AW_TRY(out, text_of(*found));
  }
  auto const bytes = out.reveal();
  if (bytes.empty()) return malformed_answer("it is empty");
  if (bytes.size() > kMaxSecretBytes) return malformed_answer("it is larger than 64 KiB");
  if (bytes.find('\0') != std::string_view::npos) return malformed_answer("it holds a zero byte");
  return out;
}

Result<VaultLogin> read_vault_login(std::string_view body) {
  AW_TRY(auto parsed, object_in(body, "the login's answer"));
  if (!parsed.contains("auth")) return malformed_answer("the login's answer has no auth");
  auto& auth = parsed["auth"];
  auto token = take_text(auth, "client_token");
  if (!token || !clean(token->reveal()))
    return malformed_answer("the login's answer has no client_token");
  VaultLogin out{.token = std::move(*token)};
  constexpr std::int64_t kLongest = 365LL * 86'400;
  if (auto const* lease = member(auth, "lease_duration");
      lease != nullptr && lease->is_number_integer())
    out.lease =
        std::chrono::seconds(std::clamp<std::int64_t>(lease->get<std::int64_t>(), 0, kLongest));
  return out;
}

Result<Secret> read_vault_secret(std::string_view body) {
  AW_TRY(auto parsed, object_in(body, "the answer"));
  auto const* outer = member(parsed, "data");
  auto const* inner = outer == nullptr ? nullptr : member(*outer, "data");
  // A deleted version has metadata, and null here.
  if (inner == nullptr || !inner->is_object())
    return malformed_answer("the answer has no data (deleted, or not a KV version 2 engine)");
  return Secret(inner->dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string vault_complaint(std::string_view body) {
  auto const parsed = object_in(body, "");
  if (!parsed.ok()) return {};
  auto const* errors = member(*parsed, "errors");
  if (errors == nullptr || !errors->is_array()) return {};
  std::string out;
  for (auto const& one : *errors)
    if (one.is_string()) out += (out.empty() ? "" : "; ") + one.get<std::string>();
  return text::printable(std::string_view(out).substr(0, kMaxComplaint));
}

Result<Secret> read_aws_secret(std::string_view body) {
  AW_TRY(auto parsed, object_in(body, "the answer"));
  if (auto text = take_text(parsed, "SecretString")) return std::move(*text);
  auto binary = take_text(parsed, "SecretBinary");
  if (!binary) return malformed_answer("the answer has neither SecretString nor SecretBinary");
  auto decoded = text::from_base64(binary->reveal());
  if (!decoded) return malformed_answer("SecretBinary is no base64");
  return Secret(std::move(*decoded));
}

std::string aws_complaint(std::string_view body) {
  auto const parsed = object_in(body, "");
  if (parsed.ok()) {
    auto const* type = member(*parsed, "__type");
    if (type == nullptr || !type->is_string()) return {};
    auto const& text = type->get_ref<std::string const&>();
    return text::printable(std::string_view(text).substr(text.rfind('#') + 1).substr(0, 100));
  }
  auto const code = element(body.substr(0, 8192), "Code");  // STS speaks XML
  return code ? text::printable(code->substr(0, 100)) : std::string();
}

Result<AwsKeys> read_aws_keys(std::string_view body) {
  AW_TRY(auto parsed, object_in(body, "the answer"));
  AwsKeys out;
  if (auto id = take_text(parsed, "AccessKeyId")) out.id = id->reveal();
  if (auto secret = take_text(parsed, "SecretAccessKey")) out.secret = std::move(*secret);
  if (auto token = take_text(parsed, "Token")) out.session = std::move(*token);
  if (auto const* end = member(parsed, "Expiration"); end != nullptr && end->is_string())
    out.expires = parse_rfc3339(end->get_ref<std::string const&>());
  if (!out.expires) return malformed_answer("the answer's keys have no Expiration");
  return checked_keys(std::move(out));
}

Result<AwsKeys> read_sts_answer(std::string_view body) {
  if (body.size() > kMaxAnswer) return malformed_answer("the answer is too large");
  auto const credentials = body.find("<Credentials>");
  if (credentials == std::string_view::npos)
    return malformed_answer("the answer has no Credentials");
  auto const within = body.substr(credentials);
  AwsKeys out;
  if (auto const id = element(within, "AccessKeyId")) out.id = *id;
  if (auto const secret = element(within, "SecretAccessKey"))
    out.secret = Secret(std::string(*secret));
  if (auto const token = element(within, "SessionToken")) out.session = Secret(std::string(*token));
  if (auto const end = element(within, "Expiration")) out.expires = parse_rfc3339(*end);
  if (out.session.empty() || !out.expires)
    return malformed_answer("the answer's keys have no SessionToken or Expiration");
  return checked_keys(std::move(out));
}

}  // namespace aw::secrets

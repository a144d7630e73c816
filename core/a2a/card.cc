// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/card.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/a2a/card_document.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

// Signed documents kept, one a base address: callers choose the address, so there is a bound.
constexpr std::size_t kMostSigned = 64;

// RFC 9110 §5.6.7.
std::string http_date(WallTime time) {
  auto const seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> buffer{};
  auto const size =
      std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {buffer.data(), size};
}

// FNV-1a: tells documents apart; it protects nothing.
std::string etag_of(std::string_view body) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (char const c : body) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>((hash >> static_cast<unsigned>(shift)) & 0xFFU));
  return '"' + text::to_hex(bytes) + '"';
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  for (auto item : text::split(if_none_match, ',')) {
    item = text::trim(item);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == etag || item == "*") return true;
  }
  return false;
}

// host[:port] as RFC 3986 spells it; anything else must not get into a document.
bool good_host(std::string_view host) {
  return !host.empty() && host.size() <= 261 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']' || c == '_';
  });
}

std::string_view without_slash(std::string_view base) {
  return base.substr(0, base.find_last_not_of('/') + 1);
}

// The signatures over the 1.0 document at `base`, as JSON; empty when nothing signs.
std::string signatures_json(CardOptions const& options, std::string_view base,
                            std::vector<CardKey> const& keys) {
  auto const card = json::parse(card_document(options, CardRequest::Form::pure, base));
  if (!card.ok()) return {};
  auto list = json::Json::array();
  for (auto const& key : keys)
    if (auto one = sign_card(*card, key); one.ok()) list.push_back(std::move(*one));
  return list.empty() ? std::string() : list.dump();
}

}  // namespace

Card::Card(CardOptions options) : options_(std::move(options)) {}

CardKeys Card::keys() const { return options_.keys ? options_.keys() : nullptr; }

std::string Card::base_url_for(std::string_view host) const {
  if (!options_.base_url.empty()) return options_.base_url;
  return "https://" + (good_host(host) ? std::string(host) : std::string("localhost:8443"));
}

std::string Card::signatures_for(std::string_view base, CardKeys const& keys) const {
  if (!keys || keys->empty()) return {};
  std::lock_guard const lock(mutex_);
  auto const found = signed_.find(base);
  if (found != signed_.end() && found->second.keys == keys) return found->second.signatures;
  if (signed_.size() >= kMostSigned) signed_.clear();
  auto made = signatures_json(options_, base, *keys);
  signed_.insert_or_assign(std::string(base), Signed{.keys = keys, .signatures = made});
  return made;
}

std::string Card::json(CardRequest::Form form, std::string_view base_url) const {
  auto const base = without_slash(base_url);
  auto body = card_document(options_, form, base);
  if (auto const signatures = signatures_for(base, keys()); !signatures.empty()) {
    body.pop_back();  // the closing brace
    body += ",\"signatures\":" + signatures + '}';
  }
  return body;
}

http::Response Card::respond(CardRequest const& request) const {
  auto body = json(request.form, base_url_for(request.host));
  auto const etag = etag_of(body);
  http::Response response;
  response.headers.add("etag", etag);
  response.headers.add("last-modified", http_date(options_.made));
  response.headers.add("cache-control", "max-age=" + std::to_string(options_.max_age.count()));
  response.headers.add("vary", "a2a-version");
  if (names_etag(request.if_none_match, etag)) {
    response.status = 304;
    return response;
  }
  response.status = 200;
  response.headers.add("content-type", "application/json");
  if (request.body == CardRequest::Body::yes) response.body = std::move(body);
  return response;
}

}  // namespace aw::a2a

// SPDX-License-Identifier: Apache-2.0
#include "core/server/map_door.h"

#include <algorithm>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/server/plain_session.h"

namespace aw::server {
namespace {

std::string unguessable() { return text::to_base64url(random_bytes(24)); }

std::string_view cookie_value(http::Request const& request, std::string_view name) {
  for (auto const field : request.headers) {
    if (field.name != "cookie") continue;
    for (auto const part : text::split(field.value, ';')) {
      auto const pair = text::trim(part);
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
        return pair.substr(name.size() + 1);
    }
  }
  return {};
}

// Any kind of thing with an end.
template <class T>
void make_room_for_one(std::deque<T>& things, std::size_t most, SteadyTime now) {
  std::erase_if(things, [now](T const& one) { return one.until <= now; });
  while (things.size() >= most) things.pop_front();
}

}  // namespace

MapDoor::MapDoor(Clock const& clock)
    : clock_(clock), cookie_name_("agentweave_map_" + random_hex(4)) {}

std::string MapDoor::issue_ticket() {
  auto ticket = unguessable();
  auto const now = clock_.steady();
  std::lock_guard const lock(mutex_);
  make_room_for_one(tickets_, kMostTickets, now);
  tickets_.push_back({.text = Secret(std::string(ticket)), .until = now + kTicketLife});
  return ticket;
}

std::optional<MapDoor::Entered> MapDoor::enter(std::string_view ticket) {
  auto const now = clock_.steady();
  std::lock_guard const lock(mutex_);
  auto const found = std::ranges::find_if(tickets_, [&](Ticket const& one) {
    return one.until > now && equal_constant_time(one.text.reveal(), ticket);
  });
  if (found == tickets_.end()) return std::nullopt;
  tickets_.erase(found);
  make_room_for_one(sessions_, kMostSessions, now);
  auto const cookie = unguessable();
  auto key = unguessable();
  sessions_.push_back({.cookie = Secret(std::string(cookie)),
                       .key = Secret(std::string(key)),
                       .until = now + kSessionLife});
  return Entered{
      .set_cookie = cookie_name_ + "=" + cookie + "; Path=/map; HttpOnly; SameSite=Strict",
      .key = std::move(key)};
}

// With mutex_ held.
MapDoor::Session const* MapDoor::session_of(http::Request const& request) const {
  auto const given = cookie_value(request, cookie_name_);
  if (given.empty()) return nullptr;
  auto const now = clock_.steady();
  auto const found = std::ranges::find_if(sessions_, [&](Session const& one) {
    return one.until > now && equal_constant_time(one.cookie.reveal(), given);
  });
  return found == sessions_.end() ? nullptr : &*found;
}

bool MapDoor::remembers(http::Request const& request) const {
  std::lock_guard const lock(mutex_);
  return session_of(request) != nullptr;
}

bool MapDoor::admits(http::Request const& request) const {
  if (!names_loopback(request) || !from_own_page(request)) return false;
  auto const key = request.headers.get(kKeyHeader);
  if (!key || request.headers.count(kKeyHeader) != 1) return false;
  std::lock_guard const lock(mutex_);
  auto const* const session = session_of(request);
  return session != nullptr && equal_constant_time(session->key.reveal(), *key);
}

bool names_loopback(http::Request const& request) {
  return is_loopback_name(host_of(request.authority));
}

bool from_own_page(http::Request const& request) {
  auto const& headers = request.headers;
  if (headers.count("origin") > 1 || headers.count("sec-fetch-site") > 1) return false;
  if (auto const origin = headers.get("origin"); origin && *origin != "http://" + request.authority)
    return false;
  auto const site = headers.get("sec-fetch-site");
  return !site || *site == "same-origin";
}

std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    auto const pair = query.substr(0, query.find('&'));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return {};
}

}  // namespace aw::server

// SPDX-License-Identifier: Apache-2.0
// Who may look at the trust map: the browser that was opened with a ticket, and no page but ours.
//
// A ticket is good once, within a minute. It buys a cookie, which the browser sends along (and
// which servers on other ports of this machine may see, because cookies know no ports), and a key,
// which only our page has (its storage belongs to one origin). What tells anything wants both.
//
// Any thread. Bounded: the oldest ticket or session goes when there are too many.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/http/message.h"

namespace aw::server {

class MapDoor {
 public:
  static constexpr std::chrono::seconds kTicketLife{60};
  static constexpr std::chrono::hours kSessionLife{12};
  static constexpr std::size_t kMostTickets = 16;
  static constexpr std::size_t kMostSessions = 8;
  static constexpr std::string_view kKeyHeader = "x-agentweave-map-key";

  explicit MapDoor(Clock const& clock);  // outlives it

  [[nodiscard]] std::string issue_ticket();
  struct Entered {
    std::string set_cookie;  // a Set-Cookie header's value
    std::string key;
  };
  // nullopt for a ticket that is none, was used or is too old.
  [[nodiscard]] std::optional<Entered> enter(std::string_view ticket);
  // The cookie alone: enough to be shown the empty page again.
  [[nodiscard]] bool remembers(http::Request const& request) const;
  // Cookie and key, from a page of this origin.
  [[nodiscard]] bool admits(http::Request const& request) const;

 private:
  struct Ticket {
    Secret text;
    SteadyTime until;
  };
  struct Session {
    Secret cookie;
    Secret key;
    SteadyTime until;
  };
  [[nodiscard]] Session const* session_of(http::Request const& request) const;

  Clock const& clock_;
  std::string const cookie_name_;  // one of each process: agents share a host
  mutable std::mutex mutex_;
  std::deque<Ticket> tickets_;    // guarded by mutex_
  std::deque<Session> sessions_;  // guarded by mutex_
};

// Is it this machine that was asked, by a name nobody else can own (a DNS name may resolve to us)?
[[nodiscard]] bool names_loopback(http::Request const& request);
// Where the browser says who asks, is it a page of ours? `Origin` and `Sec-Fetch-Site`; programs
// send neither.
[[nodiscard]] bool from_own_page(http::Request const& request);
// The value of NAME=VALUE in a query; as it stands there, not decoded.
[[nodiscard]] std::string_view query_value(std::string_view query, std::string_view name);

}  // namespace aw::server

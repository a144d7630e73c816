// SPDX-License-Identifier: Apache-2.0
#include "core/server/map_door.h"

#include <doctest/doctest.h>

#include "core/server/map_page.h"
#include "core/testing/manual_clock.h"

using namespace aw;
using namespace aw::server;
using namespace std::chrono_literals;

namespace {

http::Request from(std::string_view cookie, std::string_view key) {
  http::Request out;
  out.set_target("/map/events");
  out.authority = "127.0.0.1:9091";
  if (!cookie.empty()) out.headers.add("cookie", cookie);
  if (!key.empty()) out.headers.add(MapDoor::kKeyHeader, key);
  return out;
}

struct Door {
  testing::ManualClock clock;
  MapDoor door{clock};

  struct Let {
    std::string cookie;
    std::string key;
  };
  Let enter() {
    auto const entered = door.enter(door.issue_ticket());
    REQUIRE(entered);
    return {entered->set_cookie.substr(0, entered->set_cookie.find(';')), entered->key};
  }
};

}  // namespace

TEST_CASE("a ticket is good once, and for a minute") {
  Door house;
  auto const ticket = house.door.issue_ticket();
  CHECK(ticket.size() == 32);
  CHECK_FALSE(house.door.enter(""));
  CHECK_FALSE(house.door.enter(ticket.substr(1)));
  CHECK_FALSE(house.door.enter(ticket + "x"));
  CHECK(house.door.enter(ticket));
  CHECK_FALSE(house.door.enter(ticket));
  auto const late = house.door.issue_ticket();
  house.clock.advance(MapDoor::kTicketLife);
  CHECK_FALSE(house.door.enter(late));
}

TEST_CASE("tickets and sessions are bounded: the oldest go") {
  Door house;
  auto const first = house.door.issue_ticket();
  for (std::size_t i = 0; i < MapDoor::kMostTickets; ++i)
    static_cast<void>(house.door.issue_ticket());
  CHECK_FALSE(house.door.enter(first));
  auto const oldest = house.enter();
  CHECK(house.door.admits(from(oldest.cookie, oldest.key)));
  for (std::size_t i = 0; i < MapDoor::kMostSessions; ++i) static_cast<void>(house.enter());
  CHECK_FALSE(house.door.admits(from(oldest.cookie, oldest.key)));
}

TEST_CASE("cookie and key of one session admit, and nothing less") {
  Door house;
  auto const one = house.enter();
  auto const two = house.enter();
  struct Row {
    std::string cookie;
    std::string key;
    bool admits;
    bool remembers;
  };
  auto const name = one.cookie.substr(0, one.cookie.find('='));
  for (auto const& row : {
           Row{one.cookie, one.key, true, true},
           Row{"a=b; " + one.cookie + "; c=d", one.key, true, true},
           Row{one.cookie, "", false, true},
           Row{one.cookie, two.key, false, true},
           Row{one.cookie, one.key + "x", false, true},
           Row{"", one.key, false, false},
           Row{name + "=", one.key, false, false},
           Row{name, one.key, false, false},
           Row{"x" + one.cookie, one.key, false, false},
           Row{one.cookie + "x", one.key, false, false},
           Row{one.key, one.cookie, false, false},
       }) {
    CAPTURE(row.cookie);
    CHECK(house.door.admits(from(row.cookie, row.key)) == row.admits);
    CHECK(house.door.remembers(from(row.cookie, row.key)) == row.remembers);
  }
  auto twice = from(one.cookie, one.key);
  twice.headers.add(MapDoor::kKeyHeader, one.key);
  CHECK_FALSE(house.door.admits(twice));
  house.clock.advance(MapDoor::kSessionLife);
  CHECK_FALSE(house.door.admits(from(one.cookie, one.key)));
}

TEST_CASE("only a page of ours is answered, and only by a name of this machine") {
  Door house;
  auto const let = house.enter();
  struct Row {
    std::string host;
    std::string origin;
    std::string site;
    bool admits;
  };
  for (auto const& row : {
           Row{"127.0.0.1:9091", "", "", true},
           Row{"127.0.0.1:9091", "http://127.0.0.1:9091", "same-origin", true},
           Row{"localhost:9091", "http://localhost:9091", "same-origin", true},
           Row{"[::1]:9091", "http://[::1]:9091", "", true},
           Row{"127.0.0.1:9091", "http://127.0.0.1:8000", "same-site", false},
           Row{"127.0.0.1:9091", "http://localhost:9091", "", false},
           Row{"127.0.0.1:9091", "https://127.0.0.1:9091", "", false},
           Row{"127.0.0.1:9091", "null", "", false},
           Row{"127.0.0.1:9091", "", "cross-site", false},
           Row{"127.0.0.1:9091", "", "same-site", false},
           Row{"127.0.0.1:9091", "", "none", false},
           Row{"evil.example", "http://evil.example", "same-origin", false},
           Row{"127.0.0.1.evil.example", "", "", false},
           Row{"", "", "", false},
       }) {
    CAPTURE(row.host + " " + row.origin + " " + row.site);
    auto request = from(let.cookie, let.key);
    request.authority = row.host;
    if (!row.origin.empty()) request.headers.add("origin", row.origin);
    if (!row.site.empty()) request.headers.add("sec-fetch-site", row.site);
    CHECK(house.door.admits(request) == row.admits);
  }
  auto two = from(let.cookie, let.key);
  two.headers.add("origin", "http://127.0.0.1:9091");
  two.headers.add("origin", "http://127.0.0.1:9091");
  CHECK_FALSE(house.door.admits(two));
}

TEST_CASE("the cookie is for the map's paths, out of reach of scripts and of other sites") {
  Door house;
  auto const entered = house.door.enter(house.door.issue_ticket());
  REQUIRE(entered);
  CHECK(entered->set_cookie.ends_with("; Path=/map; HttpOnly; SameSite=Strict"));
  Door other;  // another agent on the same host
  CHECK(other.door.enter(other.door.issue_ticket())->set_cookie.substr(0, 23) !=
        entered->set_cookie.substr(0, 23));
}

TEST_CASE("a value is found in a query by its whole name") {
  struct Row {
    std::string query;
    std::string value;
  };
  for (auto const& row : {
           Row{"ticket=x", "x"},
           Row{"a=b&ticket=x&c", "x"},
           Row{"ticket=", ""},
           Row{"ticket", ""},
           Row{"tickets=x", ""},
           Row{"aticket=x", ""},
           Row{"", ""},
           Row{"&&&", ""},
           Row{"ticket=x&ticket=y", "x"},
           Row{"ticket=x=y", "x=y"},
       }) {
    CAPTURE(row.query);
    CHECK(query_value(row.query, "ticket") == row.value);
  }
}

TEST_CASE("the page is built in whole, and asks nothing of anybody else") {
  bool page = false;
  for (auto const& file : map_page_files()) {
    CAPTURE(std::string(file.name));
    CHECK_FALSE(file.text.empty());
    CHECK(content_type_of(file.name) != "application/octet-stream");
    auto text = std::string(file.text);
    for (auto const* allowed : {"http://www.w3.org/2000/svg"}) {
      for (auto at = text.find(allowed); at != std::string::npos; at = text.find(allowed))
        text.erase(at, std::string_view(allowed).size());
    }
    for (auto const* foreign : {"http://", "https://", "innerHTML", "insertAdjacentHTML",
                                "document.write", "eval(", "style=", "onclick="})
      CHECK_MESSAGE(text.find(foreign) == std::string::npos, foreign);
    page = page || (file.name == "map.html" && file.text.find("@KEY@") != std::string_view::npos);
  }
  CHECK(page);
}

// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/map_admin.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/http/sse.h"
#include "core/server/map_document.h"
#include "core/server/map_page.h"
#include "core/server/past_decision.h"

namespace aw::runtime {
namespace {

using json::Json;

constexpr std::string_view kPage = "map.html";
constexpr std::string_view kKeyPlace = "@KEY@";  // in the page
constexpr int kMostViewers = 8;
constexpr std::chrono::seconds kPace{1};            // between two looks at what is new
constexpr int kPacesSilent = 10;                    // without news; then the time is told
constexpr std::chrono::minutes kLongestStream{30};  // then the browser proves itself again
constexpr std::size_t kMostIds = 8;
constexpr std::size_t kMostLookedAt = 300'000;
constexpr std::chrono::minutes kFarthestBack{20};

// Nothing but its own files, no frame around it, and no string that turns into markup.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

http::Response map_answer(int status, std::string_view type, std::string body) {
  http::Response out;
  out.status = status;
  out.headers = {{"content-type", type},
                 {"cache-control", "no-store"},
                 {"content-security-policy", kPolicy},
                 {"x-content-type-options", "nosniff"},
                 {"x-frame-options", "DENY"},
                 {"referrer-policy", "no-referrer"},
                 {"cross-origin-opener-policy", "same-origin"},
                 {"cross-origin-resource-policy", "same-origin"}};
  out.body = std::move(body);
  return out;
}

http::Response map_json(int status, Json const& body) {
  return map_answer(status, "application/json",
                    body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

http::Response map_error(int status, std::string words) {
  return map_answer(status, "text/plain; charset=utf-8", std::move(words) + "\n");
}

http::Response turned_away() {
  return map_error(401,
                   "this is not a page that was let in: `agentweave map` prints a new address");
}

int status_of_failure(Error const& error) {
  switch (error.code) {
    case Code::not_found:
      return 404;
    case Code::usage:
      return 400;
    default:
      return 503;
  }
}

server::MapFacts map_facts(Runtime::Parts& p) {
  auto const now = p.current();
  auto const& svid = now ? now->snapshot().svid() : *p.first_svid;
  auto const policy = p.authorizer->status();
  return {.agent_name = p.config.agent.name,
          .version = AW_VERSION,
          .spiffe_id = svid.id.text(),
          .life = {.not_before = svid.not_before(), .not_after = svid.not_after()},
          .policy_mode = policy.mode,
          .policy_digest = policy.policy_digest,
          .policy_generation = policy.generation,
          .readiness = p.health.ready() ? server::MapFacts::Readiness::ready
                                        : server::MapFacts::Readiness::not_ready,
          .now = p.clock.now(),
          .steady = p.clock.steady()};
}

http::Response ticket(Runtime::Parts& p) {
  return map_json(200, {{"path", "/map?ticket=" + p.map_door->issue_ticket()},
                        {"expires_in_seconds", server::MapDoor::kTicketLife.count()}});
}

io::Task<http::Response> snapshot(Runtime::Parts& p) {
  auto text = co_await p.pool->run<std::string>(
      [calls = p.calls.get(), facts = map_facts(p)]() -> Result<std::string> {
        return server::MapFeed(*calls).next(facts);
      });
  co_return text.ok() ? map_answer(200, "application/json", std::move(*text))
                      : map_error(503, text.error().text());
}

// A look ahead that nobody sees, as a browser's prefetch or a link checker's HEAD: it must not
// spend the ticket of the one who comes after it.
bool looks_ahead(http::Request const& request) {
  return request.method != "GET" || request.headers.has("sec-purpose");
}

// With a ticket: the page, its cookie and its key. With the cookie alone: the page, which has to
// remember its key.
http::Response enter_page(Runtime::Parts& p, http::Request const& request) {
  auto const files = server::map_page_files();
  auto const file = std::ranges::find(files, kPage, &server::PageFile::name);
  if (!server::names_loopback(request) || file == files.end()) return turned_away();
  std::string body(file->text);
  auto const place = body.find(kKeyPlace);
  auto const given = server::query_value(request.query, "ticket");
  if (!given.empty() && looks_ahead(request)) return turned_away();
  auto const entered = p.map_door->enter(given);
  if (!entered && !p.map_door->remembers(request)) return turned_away();
  body.replace(place, kKeyPlace.size(), entered ? entered->key : std::string());
  auto out = map_answer(200, server::content_type_of(kPage), std::move(body));
  if (entered) out.headers.add("set-cookie", entered->set_cookie);
  return out;
}

// Where decisions are kept. Work on the blocking pool may outlive the question and most of the
// runtime: it gets this, and the clock, which stay.
struct Shelf {
  std::filesystem::path directory;
  Clock const& clock;
};

// Blocks.
Result<Json> past_of(Shelf const& shelf, std::string const& id) {
  AW_TRY(auto reader, decisions::Reader::open(shelf.directory));
  AW_TRY(auto entry, reader.find(id));
  AW_TRY(auto const past, server::explain_past(std::move(entry), reader, shelf.clock));
  return server::past_decision_json(past);
}

// Blocks. Newest first; those that are no longer kept are not there.
Result<Json> list_of(Shelf const& shelf, std::vector<std::string> wanted) {
  Json out = Json::array();
  AW_TRY(auto reader, decisions::Reader::open(shelf.directory));
  std::size_t looked = 0;
  auto const since = shelf.clock.now() - kFarthestBack;
  AW_TRY(reader.newest_first(since, [&](decisions::Entry const& entry) {
    auto const found = std::ranges::find(wanted, entry.text(decisions::Text::id));
    if (found != wanted.end()) {
      out.push_back(server::entry_json(entry));
      wanted.erase(found);
    }
    bool const enough = wanted.empty() || ++looked >= kMostLookedAt;
    return enough ? decisions::Database::More::stop : decisions::Database::More::yes;
  }));
  return out;
}

// Without a store: what the gates knew of the last thousand.
Result<Json> recent_past(server::RecentDecisions const& recent, std::string const& id) {
  auto found = recent.find(id);
  if (!found) return make_error(Code::not_found, "no recent decision " + id);
  return server::past_decision_json({.entry = std::move(*found),
                                     .explanation = {},
                                     .unexplained = "its input was not kept: set state.directory"});
}

Result<Json> recent_list(server::RecentDecisions const& recent,
                         std::vector<std::string> const& wanted) {
  Json out = Json::array();
  for (auto const& id : wanted)
    if (auto const found = recent.find(id)) out.push_back(server::entry_json(*found));
  return out;
}

bool is_decision_id(std::string_view text) {
  return text.size() >= 4 && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '-';
         });
}

// The ids of `ids=a,b,c`; none of them when one is no id.
std::vector<std::string> asked_ids(http::Request const& request) {
  std::vector<std::string> out;
  for (auto const id : text::split(server::query_value(request.query, "ids"), ',')) {
    if (!is_decision_id(id) || out.size() == kMostIds) return {};
    out.emplace_back(id);
  }
  return out;
}

enum class Look { list, whole };

// For a page that was let in; what is kept in files is read where blocking is allowed.
server::PlainRoute looking(Runtime::Parts& parts, Look look) {
  server::PlainRoute route{"GET", {}};
  route.guard = server::RouteGuard::own;
  route.later = [p = &parts, look](http::Request const& request) -> io::Task<http::Response> {
    if (!p->map_door->admits(request)) co_return turned_away();
    auto const ids = asked_ids(request);
    if (ids.empty()) co_return map_error(400, "ids=ID,… of one to eight decisions is expected");
    auto const list = look == Look::list;
    Result<Json> found = Json();
    if (p->decisions) {
      Shelf const shelf{std::filesystem::path(p->config.server.state.directory) / "decisions",
                        p->clock};
      found = co_await p->pool->run<Json>(
          [shelf, ids, list] { return list ? list_of(shelf, ids) : past_of(shelf, ids.front()); });
    } else {
      found = list ? recent_list(*p->recent, ids) : recent_past(*p->recent, ids.front());
    }
    co_return found.ok() ? map_json(200, *found)
                         : map_error(status_of_failure(found.error()), found.error().text());
  };
  return route;
}

// Counts while it lives, also when the viewer goes away in the middle.
class Viewing {
 public:
  explicit Viewing(std::atomic<int>& viewers) : viewers_(viewers), number_(viewers.fetch_add(1)) {}
  ~Viewing() { viewers_.fetch_sub(1); }
  Viewing(Viewing const&) = delete;
  Viewing& operator=(Viewing const&) = delete;
  [[nodiscard]] bool welcome() const { return number_ < kMostViewers; }

 private:
  std::atomic<int>& viewers_;
  int const number_;
};

io::Task<void> stream_map(Runtime::Parts& p, http::Request const& request,
                          http::ResponseWriter& writer) {
  if (!p.map_door->admits(request)) co_return co_await writer.respond(turned_away());
  Viewing const viewing(p.map_viewers);
  if (!viewing.welcome())
    co_return co_await writer.respond(map_error(503, "eight pages look at the map already"));
  auto head = map_answer(200, http::kSseContentType, {}).headers;
  // Shared: work that was begun goes on when the viewer leaves.
  auto const feed = std::make_shared<server::MapFeed>(*p.calls);
  auto const until = p.clock.steady() + kLongestStream;
  auto written = co_await writer.start(200, std::move(head));
  for (int silent = 0; written.ok() && !writer.peer_gone() && p.clock.steady() < until; ++silent) {
    // A large map takes milliseconds to write, which requests on this loop would wait for.
    auto const news = co_await p.pool->run<std::string>(
        [feed, facts = map_facts(p)]() -> Result<std::string> { return feed->next(facts); });
    if (!news.ok()) co_return;  // the queue is full, or we are about to end: the page comes again
    if (feed->had_news() || silent >= kPacesSilent) {
      std::string event;
      http::append_sse(event, *news);
      written = co_await writer.write(event);
      silent = 0;
    }
    co_await io::sleep_until(p.clock.steady() + kPace);
  }
  if (written.ok())
    static_cast<void>(co_await writer.finish());  // the viewer is gone, or comes again
}

server::PlainRoute page_file(server::PageFile const& file) {
  return {.method = "GET",
          .answer =
              [file](http::Request const& request) {
                if (!server::names_loopback(request)) return turned_away();
                return map_answer(200, server::content_type_of(file.name), std::string(file.text));
              },
          .guard = server::RouteGuard::own};
}

}  // namespace

void add_map_routes(server::PlainRoutes& routes, Runtime::Parts& parts) {
  Runtime::Parts* p = &parts;
  routes.emplace("/map/ticket",
                 server::PlainRoute{"POST", [p](auto const&) { return ticket(*p); }});
  server::PlainRoute whole{"GET", {}};
  whole.later = [p](auto const&) { return snapshot(*p); };
  routes.emplace("/map/snapshot", std::move(whole));
  routes.emplace(
      "/map", server::PlainRoute{
                  .method = "GET",
                  .answer = [p](http::Request const& request) { return enter_page(*p, request); },
                  .guard = server::RouteGuard::own});
  for (auto const& file : server::map_page_files())
    if (file.name != kPage) routes.emplace("/map/" + std::string(file.name), page_file(file));
  routes.emplace("/map/decisions", looking(parts, Look::list));
  routes.emplace("/map/decision", looking(parts, Look::whole));
  routes.emplace(
      "/map/events",
      server::PlainRoute{
          .method = "GET",
          .answer = {},
          .stream = [p](http::Request const& request,
                        http::ResponseWriter& writer) { return stream_map(*p, request, writer); },
          .guard = server::RouteGuard::own});
}

}  // namespace aw::runtime

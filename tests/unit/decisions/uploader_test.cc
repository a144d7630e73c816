// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/uploader.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "tests/unit/audit/collector.h"

using namespace aw;
using namespace aw::decisions;
using audit::Collector;

namespace {

std::string gunzip(std::string_view bytes) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string out(4U << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

struct Request {
  std::string head;
  json::Json events;
};

Request taken_apart(std::string const& request) {
  auto const end = request.find("\r\n\r\n") + 4;
  return {.head = text::lower(request.substr(0, end)),
          .events = json::Json::parse(gunzip(std::string_view(request).substr(end)))};
}

// The ids in all requests, in the order of their arrival.
std::vector<std::string> ids_of(std::vector<std::string> const& requests) {
  std::vector<std::string> out;
  for (auto const& request : requests)
    for (auto const& event : taken_apart(request).events)
      out.push_back(event.at("decision_id").get<std::string>());
  return out;
}

struct Sender {
  metrics::Registry registry;
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  UploadMeters meters{registry};
  UploadConfig config;
  Config decisions;
  std::unique_ptr<Uploader> uploader;

  explicit Sender(std::string const& address) {
    config.url = "http://" + address + '/';
    config.min_delay = std::chrono::milliseconds(10);
    config.max_delay = std::chrono::milliseconds(20);
  }
  void start() {
    auto started = Uploader::start(config, decisions,
                                   {.log = *quiet,
                                    .metrics = registry,
                                    .input_of =
                                        [](Entry const& entry) {
                                          return R"({"action":")" + entry.text(Text::action) +
                                                 R"(","context":)" +
                                                 entry.text(Text::context_json) + "}";
                                        },
                                    .agent_name = "billing"});
    REQUIRE(started.ok());
    uploader = *std::move(started);
  }
  void offer(std::string const& id, std::string const& context = "{}") const {
    Fields fields;
    fields.set(Text::id, id);
    fields.set(Text::action, "refund");
    fields.set(Text::context_json, context);
    fields.set(Text::policy_path, "agentweave/authz/allow");
    fields.set(Text::remote_address, "10.2.3.4:5");
    fields.set(Number::time, 1'800'000'000'000'000'000U);
    fields.set(Number::duration, 1234);
    fields.set(Number::flags, kAsked | kAllowed);
    uploader->offer(fields);
  }
};

constexpr auto kNever = std::chrono::hours(1);

// A port that was free a moment ago: nobody listens.
std::string nobody() { return Collector(Collector::Speaks::http).address(); }

}  // namespace

TEST_CASE("a decision arrives as OPA would have sent it") {
  Collector collector(Collector::Speaks::requests);
  Sender sender(collector.address());
  sender.config.token = "s3cret";
  sender.start();
  sender.offer("d-1");
  auto const got = taken_apart(collector.wait_for(1).at(0));
  CHECK(got.head.starts_with("post /logs http/1.1\r\n"));
  for (auto const* line : {"content-encoding: gzip\r\n", "content-type: application/json\r\n",
                           "authorization: bearer s3cret\r\n"}) {
    CAPTURE(line);
    CHECK(got.head.find(line) != std::string::npos);
  }
  REQUIRE(got.events.size() == 1);
  auto const& event = got.events[0];
  CHECK(event.at("decision_id") == "d-1");
  CHECK(event.at("labels").at("id") == "billing");
  CHECK(event.at("labels").at("version").is_string());
  CHECK(event.at("path") == "agentweave/authz/allow");
  CHECK(event.at("input").at("action") == "refund");
  CHECK(event.at("result") == true);
  CHECK(event.at("requested_by") == "10.2.3.4:5");
  CHECK(event.at("timestamp") == "2027-01-15T08:00:00.000Z");
  CHECK(event.at("metrics").at("timer_rego_query_eval_ns") == 1234);
}

TEST_CASE("the resource is put below the url, with one slash between") {
  for (auto const& [url, resource, target] :
       std::vector<std::array<std::string, 3>>{{"http://a", "/logs", "http://a/logs"},
                                               {"http://a/", "/logs", "http://a/logs"},
                                               {"http://a/b//", "logs/x", "http://a/b/logs/x"}}) {
    UploadConfig config;
    config.url = url;
    config.resource = resource;
    CHECK(upload_target(config) == target);
  }
}

TEST_CASE("a full batch does not wait for its time") {
  Collector collector(Collector::Speaks::requests);
  Sender sender(collector.address());
  sender.config.min_delay = sender.config.max_delay = kNever;
  sender.config.upload_size_limit = 1024;
  sender.start();
  for (int i = 0; i < 40; ++i) sender.offer("d-" + std::to_string(i));
  CHECK(!collector.wait_for(1).empty());
}

TEST_CASE("what waits at the end is sent, in order, whole and once") {
  Collector collector(Collector::Speaks::requests);
  Sender sender(collector.address());
  sender.config.min_delay = sender.config.max_delay = kNever;
  sender.start();
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) expected.push_back("d-" + std::to_string(i));
  for (auto const& id : expected) sender.offer(id);
  sender.uploader.reset();
  CHECK(ids_of(collector.wait_for(1)) == expected);
  CHECK(sender.meters.uploaded.value() == 100);
}

TEST_CASE("a batch that is refused comes again until it is taken") {
  Collector collector(Collector::Speaks::requests);
  collector.answer(503);
  Sender sender(collector.address());
  sender.start();
  sender.offer("d-1");
  while (collector.refused() == 0) std::this_thread::yield();
  collector.answer(200);
  CHECK(ids_of(collector.wait_for(1)) == std::vector<std::string>{"d-1"});
  sender.uploader.reset();
  CHECK(sender.meters.errors.value() >= 1);
  CHECK(sender.meters.uploaded.value() == 1);
  CHECK(sender.meters.shutdown.value() == 0);
}

TEST_CASE("a full buffer drops the oldest, and counts each") {
  Collector collector(Collector::Speaks::requests);
  Sender sender(collector.address());
  sender.config.min_delay = sender.config.max_delay = kNever;
  sender.config.buffer_size_limit = 4096;
  sender.start();
  for (int i = 0; i < 100; ++i) sender.offer("d-" + std::to_string(i));
  auto const dropped = sender.meters.overflow.value();
  CHECK(dropped > 50);
  CHECK(sender.meters.waiting.value() <= 4096);
  sender.uploader.reset();
  auto const ids = ids_of(collector.wait_for(1));
  CHECK(ids.size() + dropped == 100);
  CHECK(ids.back() == "d-99");
  CHECK(ids.front() == "d-" + std::to_string(dropped));
}

TEST_CASE("an end without a service counts what is lost, and does not wait for it") {
  Sender sender(nobody());
  sender.config.min_delay = sender.config.max_delay = kNever;
  sender.start();
  for (int i = 0; i < 3; ++i) sender.offer("d-" + std::to_string(i));
  sender.uploader.reset();
  CHECK(sender.meters.shutdown.value() == 3);
  CHECK(sender.meters.uploaded.value() == 0);
}

TEST_CASE("masks hold for what is pushed") {
  Collector collector(Collector::Speaks::requests);
  Sender sender(collector.address());
  sender.decisions.masks = {"/input/context/password"};
  sender.decisions.mask_rules = {
      {.op = MaskRule::Op::upsert, .path = "/input/context/card", .value = R"("***")"}};
  sender.start();
  sender.offer("d-1", R"({"password":"hunter2","card":"4000","user":"ada"})");
  auto const event = taken_apart(collector.wait_for(1).at(0)).events[0];
  CHECK(event.at("input").at("context") == json::Json{{"card", "***"}, {"user", "ada"}});
  CHECK(event.at("erased") == json::Json::array({"/input/context/password"}));
  CHECK(event.at("masked") == json::Json::array({"/input/context/card"}));
}

TEST_CASE("no batch is larger than its limit, and none of its events is lost or moved") {
  std::vector<std::string> events;
  for (int i = 0; i < 500; ++i) {
    // Some compress well, some not at all.
    auto const noise = text::to_hex(random_bytes(i % 7 == 0 ? 300 : 1));
    events.push_back(R"({"n":)" + std::to_string(i) + R"(,"x":")" + noise + R"("})");
  }
  for (std::size_t const limit : {std::size_t{1024}, std::size_t{4096}, std::size_t{1} << 20}) {
    CAPTURE(limit);
    auto const made = batches_of(events, limit);
    CHECK(made.too_large == 0);
    int next = 0;
    for (auto const& batch : made.batches) {
      CHECK(batch.body.size() <= limit);
      auto const array = json::Json::parse(gunzip(batch.body));
      CHECK(array.size() == batch.events);
      for (auto const& event : array) CHECK(event.at("n") == next++);
    }
    CHECK(next == 500);
  }
}

TEST_CASE("an event that fits into no batch is counted, and the others go") {
  std::vector<std::string> const events = {
      R"({"n":0})", '"' + text::to_hex(random_bytes(8192)) + '"', R"({"n":1})"};
  auto const made = batches_of(events, 1024);
  CHECK(made.too_large == 1);
  std::size_t sent = 0;
  for (auto const& batch : made.batches) sent += batch.events;
  CHECK(sent == 2);
  CHECK(batches_of({}, 1024).batches.empty());
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/tck/kit_executor.h"

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "core/base/text.h"

namespace aw::tck {
namespace {

using a2a::Progress;
using a2a::TaskState;

a2a::MessagePtr says(std::string text) {
  auto message = std::make_shared<a2a::Message>();
  message->role = a2a::Role::agent;
  message->parts.push_back(a2a::text_part(std::move(text)));
  return message;
}

void artifact(Progress& progress, a2a::Part part, a2a::Chunk chunk = a2a::Chunk::replace,
              a2a::Last last = a2a::Last::yes) {
  a2a::Artifact out{.id = "kit-artifact", .name = "output"};
  out.parts.push_back(std::make_shared<const a2a::Part>(std::move(part)));
  progress.artifact(std::move(out), chunk, last);
}

a2a::Part text_of(std::string text) {
  return {.kind = a2a::PartKind::text, .value = std::move(text)};
}

a2a::Part file() {
  return {.kind = a2a::PartKind::raw,
          .value = text::to_base64("output of the kit's agent\n"),
          .filename = "output.txt",
          .media_type = "text/plain"};
}

void complete(Progress& progress) { progress.status(TaskState::completed, says("Hello from TCK")); }

// What needs no time, by the beginning of the message's id; the longest one that fits counts.
struct Behaviour {
  std::string_view prefix;
  void (*act)(Progress& progress);
};
constexpr std::array kBehaviours = {
    Behaviour{"tck-complete-task", complete},
    Behaviour{"tck-artifact-text",
              [](Progress& p) {
                artifact(p, text_of("Generated text content"));
                complete(p);
              }},
    Behaviour{"tck-artifact-file-url",
              [](Progress& p) {
                artifact(p, {.kind = a2a::PartKind::url,
                             .value = "https://example.com/output.txt",
                             .filename = "output.txt",
                             .media_type = "text/plain"});
                complete(p);
              }},
    Behaviour{"tck-artifact-file",
              [](Progress& p) {
                artifact(p, file());
                complete(p);
              }},
    Behaviour{"tck-artifact-data",
              [](Progress& p) {
                artifact(p,
                         {.kind = a2a::PartKind::data, .value = R"({"key":"value","count":42})"});
                complete(p);
              }},
    Behaviour{"tck-message-response",
              [](Progress& p) { p.reply(*says("Direct message response")); }},
    Behaviour{"tck-input-required",
              [](Progress& p) { p.status(TaskState::input_required, says("More, please")); }},
    Behaviour{"tck-reject-task",
              [](Progress& p) { p.status(TaskState::rejected, says("rejected")); }},
    Behaviour{"tck-stream-001",
              [](Progress& p) {
                p.status(TaskState::working, nullptr);
                artifact(p, text_of("Stream hello from TCK"));
                p.status(TaskState::completed, nullptr);
              }},
    Behaviour{"tck-stream-002", [](Progress& p) { p.status(TaskState::completed, nullptr); }},
    Behaviour{"tck-stream-003",
              [](Progress& p) {
                p.status(TaskState::working, nullptr);
                artifact(p, text_of("Stream task lifecycle"));
                p.status(TaskState::completed, nullptr);
              }},
    Behaviour{"tck-stream-ordering-001",
              [](Progress& p) {
                p.status(TaskState::working, nullptr);
                artifact(p, text_of("Ordered output"));
                p.status(TaskState::completed, nullptr);
              }},
    Behaviour{"tck-stream-artifact-text",
              [](Progress& p) {
                p.status(TaskState::working, nullptr);
                artifact(p, text_of("Streamed text content"));
                p.status(TaskState::completed, nullptr);
              }},
    Behaviour{"tck-stream-artifact-file",
              [](Progress& p) {
                p.status(TaskState::working, nullptr);
                artifact(p, file());
                p.status(TaskState::completed, nullptr);
              }},
    Behaviour{"tck-stream-artifact-chunked",
              [](Progress& p) {
                p.status(TaskState::working, nullptr);
                artifact(p, text_of("chunk-1 "), a2a::Chunk::replace, a2a::Last::no);
                artifact(p, text_of("chunk-2"), a2a::Chunk::append, a2a::Last::yes);
                p.status(TaskState::completed, nullptr);
              }},
};

Behaviour const* behaviour_of(std::string_view message_id) {
  Behaviour const* best = nullptr;
  for (auto const& one : kBehaviours)
    if (message_id.starts_with(one.prefix) &&
        (best == nullptr || one.prefix.size() > best->prefix.size()))
      best = &one;
  return best;
}

io::Task<void> work_for(std::chrono::milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  timer.expires_after(time);
  auto const [ignored] = co_await timer.async_wait(io::kNoThrow);
  static_cast<void>(ignored);
}

}  // namespace

io::Task<Result<void>> KitExecutor::run(a2a::Work work, Progress& progress) {
  std::string_view const id = work.message->id;
  if (auto const* const named = behaviour_of(id)) {
    named->act(progress);
    co_return Result<void>{};
  }
  bool const asks = options_.unnamed == KitOptions::Unnamed::asks;
  if (id.starts_with("test-resubscribe-message-id")) {
    progress.status(TaskState::working, nullptr);
    co_await work_for(asks ? std::chrono::seconds(10) : options_.long_work);
    complete(progress);
  } else if (asks) {
    progress.status(TaskState::working, nullptr);
    co_await work_for(options_.asks_after);
    progress.status(TaskState::input_required, says("Hello from TCK. What next?"));
  } else {
    complete(progress);
  }
  co_return Result<void>{};
}

}  // namespace aw::tck

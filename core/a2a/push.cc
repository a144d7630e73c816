// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/push.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "core/a2a/dial_guard.h"
#include "core/a2a/push_sender.h"
#include "core/base/random.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

// Notes in the store: "c/TASK/ID" a webhook, "d/SEQUENCE" an event for one.
constexpr std::string_view kConfigNote = "c/";
constexpr std::string_view kEventNote = "d/";
constexpr std::size_t kPlaces = 16;  // attempts at a time

std::string config_note(Webhook const& config) {
  return std::string(kConfigNote) + config.task_id + "/" + config.id;
}

std::string event_note(std::uint64_t sequence) {
  auto digits = std::to_string(sequence);
  return std::string(kEventNote) + std::string(20 - digits.size(), '0') + digits;
}

std::string_view task_of(Event const& event) {
  if (auto const* task = std::get_if<TaskPtr>(&event)) return (*task)->id;
  if (auto const* update = std::get_if<StatusUpdate>(&event)) return update->task->id;
  if (auto const* update = std::get_if<ArtifactUpdate>(&event)) return update->task->id;
  return std::get<MessagePtr>(event)->task_id;
}

bool is_last(Event const& event) {
  auto const* const update = std::get_if<StatusUpdate>(&event);
  return update != nullptr && is_terminal(update->task->status.state);
}

// 1.0 sends the event, 0.3 the task as it is after it.
std::string webhook_body(Event const& event, Dialect dialect) {
  std::string body;
  json::Writer out(body);
  if (dialect != Dialect::v0_3) {
    write_event(out, event, Spelling::v1, {});
  } else if (auto const* update = std::get_if<StatusUpdate>(&event)) {
    write_task(out, *update->task, Spelling::v03, {});
  } else if (auto const* artifact = std::get_if<ArtifactUpdate>(&event)) {
    write_task(out, *artifact->task, Spelling::v03, {});
  } else {
    write_event(out, event, Spelling::v03, {});
  }
  return body;
}

using WebhookPtr = std::shared_ptr<const Webhook>;

struct Waiting {
  std::uint64_t sequence = 0;
  std::string body;
};

// One webhook's events.
struct Queue {
  WebhookPtr config;
  std::deque<Waiting> events;
  int failures = 0;
  SteadyTime due{};
  bool busy = false;
};

Error unreadable(std::string_view what) {
  return make_error(Code::state_unusable, "stored note: " + std::string(what));
}

std::string queue_name(Webhook const& config) { return config.task_id + "/" + config.id; }

std::string event_record(Webhook const& config, std::string_view body) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("config").raw(push_record(config)).key("body").string(body).end_object();
  return text;
}

}  // namespace

struct Push::Impl {
  Impl(PushOptions given, TaskStore& s, log::Log& l)
      : options(std::move(given)), store(s), log(l) {}

  // With `mutex` held.
  void wake() {
    news.notify_one();
    if (sender) sender->wake();
  }

  void count(Delivery delivery) const {
    if (options.counted) options.counted(delivery);
  }

  Note enqueue(WebhookPtr const& config, std::string body) {
    auto& queue = queues[queue_name(*config)];
    queue.config = config;
    auto const sequence = next_sequence++;
    Note note{event_note(sequence), event_record(*config, body)};
    waiting_bytes += body.size();
    queue.events.push_back({sequence, std::move(body)});
    ++waiting;
    return note;
  }

  // What a note of an earlier process says. An error: it says nothing that can be relied on.
  Result<void> take_back(Note const& note) {
    if (note.key.starts_with(kConfigNote)) return take_back_webhook(note);
    if (note.key.starts_with(kEventNote)) return take_back_event(note);
    return {};
  }

  Result<void> take_back_webhook(Note const& note) {
    AW_TRY(auto config, parse_push_record(note.value));
    if (config_note(config) != note.key) return unreadable("another webhook than its key names");
    auto const shared = std::make_shared<const Webhook>(std::move(config));
    configs[shared->task_id][shared->id] = shared;
    ++held;
    return {};
  }

  Result<void> take_back_event(Note const& note) {
    AW_TRY(check_json(note.value, {.bytes = std::size_t{256} << 20, .depth = 8}));
    JsonView const view(note.value);
    AW_TRY(auto config, parse_push_record(view.get("config").raw()));
    auto body = view.get("body").string();
    auto const sequence = std::strtoull(note.key.c_str() + kEventNote.size(), nullptr, 10);
    if (!body || event_note(sequence) != note.key) return unreadable("no event");
    auto& queue = queues[queue_name(config)];
    queue.config = std::make_shared<const Webhook>(std::move(config));
    queue.events.push_back({sequence, *std::move(body)});
    ++waiting;
    waiting_bytes += queue.events.back().body.size();
    next_sequence = std::max<std::uint64_t>(next_sequence, sequence + 1);
    return {};
  }

  void drop_front(Queue& queue) {
    store.erase_note(event_note(queue.events.front().sequence));
    waiting_bytes -= std::min(waiting_bytes, queue.events.front().body.size());
    queue.events.pop_front();
    queue.failures = 0;
    queue.due = {};
    --waiting;
  }

  // Until there is something to send. libcurl comes with 26 other libraries, and most agents never
  // send; it is loaded outside the lock, which requests take.
  bool wait_for_first() {
    {
      std::unique_lock lock(mutex);
      news.wait(lock, [this] { return stopping || waiting > 0; });
      if (stopping) return false;
    }
    auto made =
        std::make_unique<PushSender>(PushSenderOptions{.allow_private = options.allow_private,
                                                       .timeout = options.timeout,
                                                       .concurrency = kPlaces});
    std::lock_guard const lock(mutex);
    sender = std::move(made);
    return true;
  }

  // The thread's life: start what is due, wait for the network or for news, take in results.
  void serve() {
    if (!wait_for_first()) return;
    for (;;) {
      auto until = steady_now() + std::chrono::seconds(30);
      {
        std::lock_guard const lock(mutex);
        if (stopping) return;
        start_due(until);
      }
      for (auto const& result : sender->wait(until)) settle(result);
    }
  }

  // With `mutex` held. In turns: who comes first in the map would always be first otherwise.
  void start_due(SteadyTime& until) {
    auto at = queues.upper_bound(latest);
    for (std::size_t left = queues.size(); left > 0; --left, ++at) {
      if (at == queues.end()) at = queues.begin();
      start(at->first, at->second, until);
    }
  }

  void start(std::string const& name, Queue& queue, SteadyTime& until) {
    if (queue.busy || queue.events.empty()) return;
    if (queue.due > steady_now()) {
      until = std::min(until, queue.due);
      return;
    }
    auto const& event = queue.events.front();
    if (!has_place(queue.config->owner)) return;
    queue.busy = sender->send(
        {.name = name, .sequence = event.sequence, .config = *queue.config, .body = event.body});
    if (!queue.busy) return;
    flying.emplace(event.sequence, queue.config->owner);
    latest = name;
  }

  // Of the places of the sender the last quarter is for callers who have none: servers that do not
  // answer, all of one caller's, leave the others' webhooks their way.
  [[nodiscard]] bool has_place(std::string_view owner) const {
    if (flying.size() < kPlaces / 4 * 3) return true;
    return std::ranges::none_of(flying, [&](auto const& one) { return one.second == owner; });
  }

  void settle(PushResult const& result) {
    std::lock_guard const lock(mutex);
    flying.erase(result.sequence);
    auto const found = queues.find(result.name);
    // Its webhook may have been deleted meanwhile, or made anew.
    if (found == queues.end() || found->second.events.empty()) return;
    auto& queue = found->second;
    if (queue.events.front().sequence != result.sequence) return;
    queue.busy = false;
    if (result.outcome == PushResult::Outcome::delivered) {
      drop_front(queue);
      count(Delivery::delivered);
    } else {
      failed(queue, result);
    }
    if (queue.events.empty() && !known(*queue.config)) queues.erase(found);
  }

  [[nodiscard]] bool known(Webhook const& config) const {
    auto const of_task = configs.find(config.task_id);
    return of_task != configs.end() && of_task->second.contains(config.id);
  }

  void failed(Queue& queue, PushResult const& result) {
    bool const hopeless = result.outcome == PushResult::Outcome::refused;
    if (hopeless || ++queue.failures >= options.attempts) {
      log.warning(log::Component::a2a, "push notification dropped",
                  {{"task_id", queue.config->task_id},
                   {"config", queue.config->id},
                   {"reason", result.reason}});
      drop_front(queue);
      count(Delivery::dropped);
      return;
    }
    auto pause = options.first_pause * (1U << static_cast<unsigned>(std::min(queue.failures, 16)));
    pause = std::min(pause, options.longest_pause);
    auto const half = pause.count() / 2;
    auto const jitter = half > 0 ? static_cast<std::int64_t>(random_u64()) % half : 0;
    queue.due = steady_now() + std::chrono::milliseconds(half + std::abs(jitter));
    count(Delivery::retried);
  }

  PushOptions const options;
  TaskStore& store;
  log::Log& log;
  mutable std::mutex mutex;
  std::condition_variable news;        // before there is a sender
  std::unique_ptr<PushSender> sender;  // set once, by the thread
  std::map<std::string, std::map<std::string, WebhookPtr, std::less<>>, std::less<>> configs;
  std::map<std::string, Queue> queues;
  std::map<std::uint64_t, std::string> flying;  // events under way, and whose they are
  std::string latest;                           // queue that was started
  std::size_t held = 0;                         // configs
  std::size_t waiting = 0;                      // events
  std::size_t waiting_bytes = 0;
  std::uint64_t next_sequence = 1;
  bool stopping = false;
  std::thread thread;
};

Push::Push(PushOptions options, TaskStore& store, log::Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), store, log)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->serve(); });
}

Push::~Push() {
  {
    std::lock_guard const lock(impl_->mutex);
    impl_->stopping = true;
    impl_->wake();
  }
  impl_->thread.join();
}

Result<void> Push::restore() {
  AW_TRY(auto const notes, impl_->store.load_notes());
  std::lock_guard const lock(impl_->mutex);
  for (auto const& note : notes) {  // by key: webhooks first, events in their order
    auto const taken = impl_->take_back(note);
    if (!taken.ok()) AW_TRY(impl_->store.set_aside(note, taken.error().message));
  }
  impl_->wake();
  return {};
}

void Push::keep_only(std::function<bool(std::string_view task_id)> const& kept) {
  std::vector<std::string> gone;
  {
    std::lock_guard const lock(impl_->mutex);
    for (auto const& [task_id, webhooks] : impl_->configs)
      if (!kept(task_id)) gone.push_back(task_id);
  }
  for (auto const& task_id : gone) forgotten(task_id);
}

Result<Webhook> Push::put(Webhook config) {
  AW_TRY(check_webhook(config.url, impl_->options.allow_private));
  if (config.id.empty()) config.id = random_uuid();
  std::lock_guard const lock(impl_->mutex);
  auto& of_task = impl_->configs[config.task_id];
  bool const fresh = !of_task.contains(config.id);
  if (fresh && (of_task.size() >= impl_->options.max_per_task ||
                impl_->held >= impl_->options.max_configs)) {
    if (of_task.empty()) impl_->configs.erase(config.task_id);
    return make_error(Code::task_limit, "too many push notification configurations");
  }
  if (auto kept = impl_->store.put_notes({{config_note(config), push_record(config)}});
      !kept.ok()) {
    if (of_task.empty()) impl_->configs.erase(config.task_id);
    return std::move(kept).error();
  }
  if (fresh) ++impl_->held;
  of_task[config.id] = std::make_shared<const Webhook>(config);
  return config;
}

Result<Webhook> Push::find(std::string_view task_id, std::string_view id) const {
  std::lock_guard const lock(impl_->mutex);
  auto const of_task = impl_->configs.find(task_id);
  if (of_task != impl_->configs.end()) {
    // 0.3 may ask without an id: the first one.
    auto const found = id.empty() ? of_task->second.begin() : of_task->second.find(id);
    if (found != of_task->second.end()) return *found->second;
  }
  return make_error(Code::task_not_found, "push notification configuration not found");
}

std::vector<Webhook> Push::list(std::string_view task_id) const {
  std::vector<Webhook> out;
  std::lock_guard const lock(impl_->mutex);
  auto const of_task = impl_->configs.find(task_id);
  if (of_task == impl_->configs.end()) return out;
  for (auto const& [id, config] : of_task->second) out.push_back(*config);
  return out;
}

void Push::erase(std::string_view task_id, std::string_view id) {
  std::lock_guard const lock(impl_->mutex);
  auto const of_task = impl_->configs.find(task_id);
  if (of_task == impl_->configs.end()) return;
  auto const found = of_task->second.find(id);
  if (found == of_task->second.end()) return;
  auto const config = found->second;
  impl_->store.erase_note(config_note(*config));
  of_task->second.erase(found);
  --impl_->held;
  if (of_task->second.empty()) impl_->configs.erase(of_task);
  auto const queue = impl_->queues.find(queue_name(*config));
  if (queue == impl_->queues.end()) return;
  while (!queue->second.events.empty()) impl_->drop_front(queue->second);
  impl_->queues.erase(queue);
}

std::vector<Note> Push::happened(Event const& event) {
  std::vector<Note> notes;
  std::lock_guard const lock(impl_->mutex);
  auto const of_task = impl_->configs.find(task_of(event));
  if (of_task == impl_->configs.end()) return notes;
  bool const full = impl_->waiting >= impl_->options.max_waiting ||
                    impl_->waiting_bytes >= impl_->options.max_waiting_bytes;
  if (full && !is_last(event)) {
    impl_->count(Delivery::dropped);
    return notes;
  }
  for (auto const& [id, config] : of_task->second)
    notes.push_back(impl_->enqueue(config, webhook_body(event, config->dialect)));
  impl_->wake();
  return notes;
}

void Push::forgotten(std::string_view task_id) {
  std::lock_guard const lock(impl_->mutex);
  auto const of_task = impl_->configs.find(task_id);
  if (of_task == impl_->configs.end()) return;
  for (auto const& [id, config] : of_task->second) {
    impl_->store.erase_note(config_note(*config));
    --impl_->held;
  }
  impl_->configs.erase(of_task);
}

std::size_t Push::waiting() const {
  std::lock_guard const lock(impl_->mutex);
  return impl_->waiting;
}

}  // namespace aw::a2a

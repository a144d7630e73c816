// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_index.h"

#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/text.h"

namespace aw::a2a {
namespace {

std::string make_token(ListKey const& key) {
  return text::to_base64url(std::to_string(key.changed.time_since_epoch().count()) + ":" +
                            std::string(key.id));
}

// What a token names: the last of the page before.
struct PageEnd {
  WallTime changed;
  std::string id;
  [[nodiscard]] ListKey key() const { return {changed, id}; }
};

Result<PageEnd> parse_token(std::string_view token) {
  auto const bad = [] {
    return make_error(Code::request_malformed, "pageToken is not one of ours");
  };
  auto const text = text::from_base64url(token);
  if (!text || token.size() > 256) return bad();
  auto const colon = text->find(':');
  if (colon == std::string::npos) return bad();
  std::int64_t count = 0;
  auto const [end, ec] = std::from_chars(text->data(), text->data() + colon, count);
  if (ec != std::errc{} || end != text->data() + colon) return bad();
  return PageEnd{WallTime(std::chrono::nanoseconds(count)), text->substr(colon + 1)};
}

// Greater than any id.
constexpr std::string_view kAfterEveryId = "\x7f";

std::size_t place_of(TaskState state) { return static_cast<std::size_t>(state); }

// The matching tasks are those of [begin, end) that have `state`, if one is asked for.
template <class At>
struct Walk {
  At begin;
  At end;
  std::optional<TaskState> state;
  [[nodiscard]] bool takes(At at) const { return !state || at->second == *state; }
  [[nodiscard]] std::size_t count() const {
    std::size_t total = 0;
    for (auto at = begin; at != end; ++at) total += takes(at) ? 1 : 0;
    return total;
  }
};

}  // namespace

void TaskIndex::add(TaskFacts const& task) {
  ListKey const key{task.changed, task.id};
  if (filters_) {
    filters_->contexts[std::string(task.context_id)].insert_or_assign(key, task.state);
    filters_->states[place_of(task.state)].insert_or_assign(key, task.state);
  }
  all_.insert_or_assign(all_.begin(), key, task.state);  // mostly the newest: no search
}

void TaskIndex::remove(TaskFacts const& task) {
  ListKey const key{task.changed, task.id};
  // Mostly the oldest: no search.
  if (!all_.empty() && all_.rbegin()->first == key) {
    all_.erase(std::prev(all_.end()));
  } else {
    all_.erase(key);
  }
  if (!filters_) return;
  filters_->states[place_of(task.state)].erase(key);
  auto const context = filters_->contexts.find(task.context_id);
  if (context == filters_->contexts.end()) return;
  context->second.erase(key);
  if (context->second.empty()) filters_->contexts.erase(context);
}

std::string_view TaskIndex::oldest(bool (*wanted)(TaskState)) const {
  for (auto at = all_.rbegin(); at != all_.rend(); ++at)
    if (wanted(at->second)) return at->first.id;
  return {};
}

void TaskIndex::build_filters(Lookup const& context_of) {
  filters_ = std::make_unique<Filters>();
  for (auto const& [key, state] : all_) {
    filters_->contexts[std::string(context_of(key.id))].emplace(key, state);
    filters_->states[place_of(state)].emplace(key, state);
  }
}

TaskIndex::Ordered const& TaskIndex::narrowest(ListParams const& query, Lookup const& context_of) {
  static Ordered const kNone;
  if (query.context_id.empty() && !query.state) return all_;
  if (!filters_) build_filters(context_of);
  if (query.context_id.empty()) return filters_->states[place_of(*query.state)];
  auto const context = filters_->contexts.find(query.context_id);
  return context == filters_->contexts.end() ? kNone : context->second;
}

Result<TaskIndex::Found> TaskIndex::page(ListParams const& query, Lookup const& context_of) {
  std::optional<PageEnd> after;
  if (!query.page_token.empty()) {
    AW_TRY(after, parse_token(query.page_token));
  }
  auto const& keys = narrowest(query, context_of);
  // Newest first: what changed after a moment stands before everything of that moment.
  auto const end =
      query.changed_after ? keys.lower_bound({*query.changed_after, kAfterEveryId}) : keys.end();
  Walk const matching{.begin = keys.begin(), .end = end, .state = query.state};
  bool const whole = end == keys.end() && (query.context_id.empty() || !query.state);
  Found found;
  found.total = whole ? keys.size() : matching.count();
  ListKey const* last = nullptr;
  auto at = after ? keys.upper_bound(after->key()) : keys.begin();
  // A token from beyond the end of a narrower question.
  bool const beyond =
      query.changed_after && at != keys.end() && at->first.changed <= *query.changed_after;
  for (; !beyond && at != end; ++at) {
    if (!matching.takes(at)) continue;
    if (found.ids.size() == query.page_size) {
      found.next_token = make_token(*last);
      break;
    }
    last = &at->first;
    found.ids.emplace_back(at->first.id);
  }
  return found;
}

}  // namespace aw::a2a

// SPDX-License-Identifier: Apache-2.0
// One owner's tasks in the order lists show them, found by state and by conversation too.
//
// Belongs to whoever holds the tasks; not thread-safe. The two further orders are built at the
// first list that asks for them and kept from then on: most owners never do. A2A §ListTasks.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/kept_task.h"
#include "core/a2a/operation.h"

namespace aw::a2a {

// Newest status first, the id breaks ties: an order that does not move under a reader's pages.
struct ListKey {
  WallTime changed;
  std::string_view id;
  friend bool operator==(ListKey const& a, ListKey const& b) {
    // Mostly the very same text, which then need not be fetched.
    return a.changed == b.changed && (a.id.data() == b.id.data() || a.id == b.id);
  }
  friend bool operator<(ListKey const& a, ListKey const& b) {
    return a.changed != b.changed ? a.changed > b.changed : a.id > b.id;
  }
};

// Holds order, not tasks, and not the ids either: those outlive what is added.
class TaskIndex {
 public:
  // The task as it is from now on, and as it was: its status time, state and context count.
  void add(TaskFacts const& task);
  void remove(TaskFacts const& task);
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

  using Lookup = std::function<std::string_view(std::string_view id)>;
  // Costs a look-up and the page; with state and context together, or changed_after, it walks the
  // smaller of the matching orders once. `context_of` is asked while an order is built.
  // Code::request_malformed for a token that is not ours.
  struct Found {
    std::vector<std::string_view> ids;  // until the next change
    std::string next_token;             // empty at the end
    std::size_t total = 0;              // matching tasks on all pages
  };
  [[nodiscard]] Result<Found> page(ListParams const& query, Lookup const& context_of);

  // The task that changed longest ago of those whose state is `wanted`; empty = none.
  [[nodiscard]] std::string_view oldest(bool (*wanted)(TaskState)) const;

 private:
  using Ordered = std::map<ListKey, TaskState>;
  static constexpr std::size_t kStates = 8;
  struct Filters {
    std::map<std::string, Ordered, std::less<>> contexts;
    std::array<Ordered, kStates> states;
  };
  [[nodiscard]] Ordered const& narrowest(ListParams const& query, Lookup const& context_of);
  void build_filters(Lookup const& context_of);

  Ordered all_;
  std::unique_ptr<Filters> filters_;
};

}  // namespace aw::a2a

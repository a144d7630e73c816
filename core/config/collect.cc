// SPDX-License-Identifier: Apache-2.0
// A file's tree against the table and the lists of older and refused names.
#include <algorithm>
#include <optional>

#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/config/schema.h"
#include "core/config/values.h"

namespace aw::config {
namespace {

// One place in the tree: as written, as the table names it, and with "[]" for any index.
struct Where {
  std::string written;
  std::string key;
  std::string row;
  std::size_t index = 0;

  [[nodiscard]] Where below(std::string const& name) const {
    const auto join = [&name](std::string const& parent) {
      return parent.empty() ? name : parent + '.' + name;
    };
    return {join(written), join(key), join(row), index};
  }
};

template <class Rows, class Key>
auto const* row_for(Rows const& rows, std::string_view key, Key member) {
  const auto found = std::ranges::find(rows, key, member);
  return found == rows.end() ? nullptr : &*found;
}

// Is `key` a section of anything we know by name, older names included?
bool known_section(std::string_view key) {
  const auto below = [key](std::string_view other) {
    return other.size() > key.size() && other.starts_with(key) && other[key.size()] == '.';
  };
  return is_section(key) || std::ranges::any_of(all_aliases(), below, &Alias::old) ||
         std::ranges::any_of(all_retired(), below, &Retired::key);
}

std::string shown_value(Node const& node) {
  if (node.kind == NodeKind::scalar) return node.text;
  if (node.kind == NodeKind::list && node.items.size() == 1) return shown_value(*node.items[0]);
  return std::string(kind_name(node.kind));
}

bool accepted(std::string_view accepts, Node const& node) {
  if (accepts == "*" || node.kind == NodeKind::null) return true;
  if (accepts.empty()) return false;
  const std::string value = shown_value(node);
  return std::ranges::any_of(text::split(accepts, ','), [&value](std::string_view one) {
    return text::equal_ignoring_case(one, value);
  });
}

class Collector {
 public:
  Collector(Sections& sections, std::vector<Diagnostic>& found)
      : found_(found), sections_(sections) {}

  void section(Node const& node, Where const& where) {
    for (Member const& member : node.members) {
      if (where.key.empty() && member.name == "include") continue;  // read by the loader
      visit(member, where.below(member.name));
    }
  }

  Values values;

 private:
  void visit(Member const& member, Where where) {
    Alias::Value change = Alias::Value::same;
    if (Alias const* alias = row_for(all_aliases(), where.written, &Alias::old)) {
      warn_old(member, *alias);
      where.key = where.row = alias->now;
      change = alias->value;
    }
    if (Retired const* retired = row_for(all_retired(), where.row, &Retired::key)) {
      refuse(member, *retired);
    } else if (Field const* field = find_field(where.row)) {
      given(member, where, *field, change);
    } else if (known_section(where.row) || known_section(where.written)) {
      enter(member, where);
    } else {
      unknown(member, where);
    }
  }

  void enter(Member const& member, Where const& where) {
    sections_.insert_or_assign(where.key, member.at);
    if (member.value->kind == NodeKind::map) {
      section(*member.value, where);
    } else if (member.value->kind != NodeKind::null) {
      add(problem(Code::config_wrong_type, member.value->at.place(),
                  where.key + " must be a mapping, got " + shown_kind(*member.value)),
          where.key);
    }
  }

  static std::string shown_kind(Node const& node) { return std::string(kind_name(node.kind)); }

  void given(Member const& member, Where const& where, Field const& field, Alias::Value change) {
    if (member.value->kind == NodeKind::null) return;  // "key:" with nothing = not given
    if (values.contains(where.key)) {
      add(problem(Code::config_duplicate_key, member.at.place(),
                  where.written + " and " + written_[where.key] + " are the same setting"),
          where.key);
      return;
    }
    written_[where.key] = where.written;
    Entry entry{changed(member.value, change), member.at, &field, where.index, 0};
    if (field.type == Type::maps) items(entry, where);
    values.emplace(where.key, std::move(entry));
  }

  void items(Entry& entry, Where const& where) {
    if (entry.value->kind != NodeKind::list) {
      add(problem(Code::config_wrong_type, entry.value->at.place(),
                  where.key + " must be a list, got " + shown_kind(*entry.value),
                  "start each item with -"),
          where.key);
      return;
    }
    entry.count = entry.value->items.size();
    for (std::size_t i = 0; i < entry.count; ++i) {
      Node const& item = *entry.value->items[i];
      const std::string at = '[' + std::to_string(i) + ']';
      if (item.kind != NodeKind::map) {
        add(problem(Code::config_wrong_type, item.at.place(),
                    where.key + at + " must be a mapping, got " + shown_kind(item)),
            where.key + at);
        continue;
      }
      section(item, {where.written + at, where.key + at, where.row + "[]", i});
    }
  }

  static NodePtr changed(NodePtr value, Alias::Value change) {
    if (change == Alias::Value::same || value->kind != NodeKind::scalar) return value;
    auto copy = std::make_shared<Node>(*value);
    copy->text = as_now(std::move(copy->text), change);
    return copy;
  }

  void warn_old(Member const& member, Alias const& alias) {
    std::string hint = "write " + std::string(alias.now);
    if (alias.value == Alias::Value::plus_one) hint += ", which counts the first try too";
    add(caution(Code::config_deprecated, member.at.place(),
                std::string(alias.old) + " is an older name", std::move(hint)),
        std::string(alias.now));
  }

  void refuse(Member const& member, Retired const& retired) {
    if (accepted(retired.accepts, *member.value)) return;
    const std::string text = std::string(retired.key) + ": " + std::string(retired.why);
    Diagnostic out =
        problem(Code::config_unsupported, member.at.place(), text, std::string(retired.hint));
    if (retired.kind == Retired::Kind::ignored) out.severity = Severity::warning;
    if (retired.kind == Retired::Kind::verification) out.code = Code::insecure_in_production;
    if (member.value->kind == NodeKind::scalar) {
      out.place = member.value->at.place();
      out.value = member.value->text;
    }
    add(std::move(out), std::string(retired.key));
  }

  void unknown(Member const& member, Where const& where) {
    const auto dot = where.row.rfind('.');
    const std::string parent = dot == std::string::npos ? "" : where.row.substr(0, dot);
    Diagnostic out = problem(Code::config_unknown_key, member.at.place(),
                             "unknown key \"" + where.written + '"');
    constexpr std::size_t kLongestName = 64;  // nobody mistypes more
    const auto names = names_below(parent);
    const auto near = member.name.size() <= kLongestName ? text::nearest(member.name, names)
                                                         : std::optional<std::string_view>();
    if (near) {
      out.hint = "did you mean \"" + std::string(*near) + "\"?";
    } else if (const auto elsewhere = same_name(member.name); !elsewhere.empty()) {
      out.hint = "did you mean \"" + elsewhere + "\"?";
    } else {
      out.hint = parent.empty() ? "see agentweave config explain"
                                : "see agentweave config explain " + parent;
    }
    add(std::move(out), where.key);
  }

  // The key of another section that ends the same way.
  static std::string same_name(std::string_view name) {
    for (Field const& row : all_fields()) {
      if (!row.is_item() && row.key.ends_with(name) && row.key.size() > name.size() &&
          row.key[row.key.size() - name.size() - 1] == '.') {
        return row.key;
      }
    }
    return {};
  }

  void add(Diagnostic diagnostic, std::string key) {
    diagnostic.key = std::move(key);
    found_.push_back(std::move(diagnostic));
  }

  std::vector<Diagnostic>& found_;
  Sections& sections_;
  std::map<std::string, std::string> written_;
};

}  // namespace

std::string indexed(std::string_view key, std::size_t index) {
  std::string out(key);
  if (const auto at = out.find("[]"); at != std::string::npos) {
    out.replace(at, 2, '[' + std::to_string(index) + ']');
  }
  return out;
}

Values collect(Node const& root, Sections& sections, std::vector<Diagnostic>& found) {
  sections.insert_or_assign("", root.at);
  Collector collector(sections, found);
  collector.section(root, {});
  return std::move(collector.values);
}

}  // namespace aw::config

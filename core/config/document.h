// SPDX-License-Identifier: Apache-2.0
// One YAML text as a tree that remembers where everything stood.
//
// yaml-cpp reads the bytes and gives events; this builds its own bounded tree from them, so that
// duplicate keys are seen, anchors cannot multiply (aliases share nodes, their expanded size is
// counted), and every value keeps its line and column. Values; one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/diagnostic.h"

namespace aw::config {

inline constexpr std::size_t kMaxFileBytes = 1U << 20;
inline constexpr std::size_t kMaxNodes = 20'000;
inline constexpr int kMaxDepth = 64;

// A text and the name people know it by. Immutable.
// Shared by all values that came from it, so that a finding can show its line. Lines of a text
// beyond kMaxFileBytes are not known.
class Source {
 public:
  Source(std::string name, std::string text);

  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::string const& text() const { return text_; }
  [[nodiscard]] std::string_view line(int number) const;  // from 1; empty when there is none

 private:
  std::string name_;
  std::string text_;
  std::vector<std::size_t> starts_;  // of the lines
};

// Later ranks win.
// A value of a higher rank replaces one of a lower, whole: lists are not merged.
enum class Rank { file, environment, flag };

// Where a value came from.
// Cheap to copy: the text is shared. Columns and lengths count bytes.
struct Origin {
  Rank rank = Rank::file;
  std::shared_ptr<const Source> source;  // for Rank::file
  std::string name;                      // the variable or flag otherwise
  int line = 0;
  int column = 0;
  int length = 1;

  [[nodiscard]] Place place() const;
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;

// One `name: value` of a mapping.
struct Member {
  std::string name;
  Origin at;  // of the key
  NodePtr value;
};

// What YAML calls a plain null (`~`, empty, `null`) is null; everything else that is no container
// is a scalar and stays text until a row says what it is.
enum class NodeKind { null, scalar, list, map };

// Immutable once it is in a tree; aliases share nodes, so a tree may be a DAG, never a circle.
struct Node {
  NodeKind kind = NodeKind::null;
  std::string text;             // scalar
  bool quoted = false;          // scalar: "…" or '…' or a block
  bool expanded = false;        // scalar: a variable was put in
  std::vector<NodePtr> items;   // list
  std::vector<Member> members;  // map, in order, names unique
  Origin at;
  std::size_t size = 1;  // nodes below and this one, aliases counted in full

  // Null when there is none, and for what is no mapping.
  [[nodiscard]] Member const* find(std::string_view name) const;
};

[[nodiscard]] std::string_view kind_name(NodeKind kind);  // "a list", …

// A tree may be there beside errors (a duplicate key, a second document): the table's findings
// then come on top.
struct Parsed {
  NodePtr root;  // null when the text could not be read at all
  std::vector<Diagnostic> diagnostics;
};

// Never throws. config_syntax, config_too_large, config_duplicate_key, config_unsupported (merge
// keys). Tags other than YAML's core ones are refused.
[[nodiscard]] Parsed parse_document(std::shared_ptr<const Source> const& source);

// A finding at `place`.
// An error, and with `caution` a warning. A message longer than 500 bytes is cut.
[[nodiscard]] Diagnostic problem(Code code, Place place, std::string message,
                                 std::string hint = {});
[[nodiscard]] Diagnostic caution(Code code, Place place, std::string message,
                                 std::string hint = {});

}  // namespace aw::config

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
enum class Rank { file, environment, flag };

// Where a value came from.
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

struct Member {
  std::string name;
  Origin at;  // of the key
  NodePtr value;
};

enum class NodeKind { null, scalar, list, map };

struct Node {
  NodeKind kind = NodeKind::null;
  std::string text;             // scalar
  bool quoted = false;          // scalar: "…" or '…' or a block
  bool expanded = false;        // scalar: a variable was put in
  std::vector<NodePtr> items;   // list
  std::vector<Member> members;  // map, in order, names unique
  Origin at;
  std::size_t size = 1;  // nodes below and this one, aliases counted in full

  [[nodiscard]] Member const* find(std::string_view name) const;
};

[[nodiscard]] std::string_view kind_name(NodeKind kind);  // "a list", …

struct Parsed {
  NodePtr root;  // null when the text could not be read at all
  std::vector<Diagnostic> diagnostics;
};

[[nodiscard]] Parsed parse_document(std::shared_ptr<const Source> const& source);

// A finding at `place`.
[[nodiscard]] Diagnostic problem(Code code, Place place, std::string message,
                                 std::string hint = {});
[[nodiscard]] Diagnostic caution(Code code, Place place, std::string message,
                                 std::string hint = {});

}  // namespace aw::config

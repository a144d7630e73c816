// SPDX-License-Identifier: Apache-2.0
#include "core/config/document.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>  // which parser.h declares alone, and we have a Node too
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <set>
#include <sstream>

#include "core/base/utf8.h"

namespace aw::config {
namespace {

// How much of the line the value covers, for the caret.
int shown_length(Source const& source, YAML::Mark const& mark, std::string_view value) {
  const std::string_view line = source.line(mark.line + 1);
  const auto start = static_cast<std::size_t>(mark.column);
  if (start >= line.size()) return 1;
  const char quote = line[start];
  if (quote == '"' || quote == '\'') {
    const auto end = line.find(quote, start + 1);
    if (end != std::string_view::npos) return static_cast<int>(end - start + 1);
  }
  if (line.substr(start).starts_with(value) && !value.empty()) {
    return static_cast<int>(value.size());
  }
  const auto end = line.find_first_of(" ,]}", start);
  return static_cast<int>((end == std::string_view::npos ? line.size() : end) - start);
}

// The line for a finding. A long one is not kept: it would not be shown, and a file of one line and
// twenty thousand mistakes would be copied as often.
std::string shown_line(Source const& source, int line) {
  const std::string_view text = source.line(line);
  return text.size() > kMaxShownLine ? std::string() : std::string(text);
}

// Ends the parse with a finding; caught in parse_document, never leaves this file.
struct Stop {
  Diagnostic diagnostic;
};

// Builds the tree. Open containers are a stack; the finished ones are immutable and shared.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const Source> source, std::vector<Diagnostic>& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  void OnDocumentStart(YAML::Mark const& mark) override { start_ = origin(mark, {}); }
  void OnDocumentEnd() override {}

  void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    auto node = std::make_shared<Node>();
    node->at = origin(mark, {});
    add(std::move(node), anchor);
  }

  void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stop{problem(Code::config_too_large, origin(mark, {}).place(),
                         "anchor refers to a value that contains it")};
    }
    place(found->second);
  }

  void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                std::string const& value) override {
    check_tag(mark, tag);
    check_closed(mark);
    auto node = std::make_shared<Node>();
    node->at = origin(mark, value);
    node->quoted = tag == "!";
    const bool null = tag == "?" && (value.empty() || value == "~" || value == "null" ||
                                     value == "Null" || value == "NULL");
    node->kind = null ? NodeKind::null : NodeKind::scalar;
    if (!null) node->text = value;
    add(std::move(node), anchor);
  }

  void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, NodeKind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, NodeKind::map);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] NodePtr take() { return std::move(root_); }
  [[nodiscard]] Place start() const { return start_.place(); }

 private:
  struct Open {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor = 0;
    NodePtr key;  // of a map, waiting for its value
    std::set<std::string, std::less<>> names;
  };

  Origin origin(YAML::Mark const& mark, std::string_view value) const {
    Origin at;
    at.source = source_;
    at.line = mark.line + 1;
    at.column = mark.column + 1;
    at.length = shown_length(*source_, mark, value);
    return at;
  }

  void check_tag(YAML::Mark const& mark, std::string const& tag) const {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";  // YAML 1.2 §10.3
    if (tag.empty() || tag == "?" || tag == "!") return;
    for (const std::string_view name : {"str", "int", "float", "bool", "null", "map", "seq"}) {
      if (tag.starts_with(kCore) && tag.substr(kCore.size()) == name) return;
    }
    throw Stop{problem(Code::config_syntax, origin(mark, {}).place(),
                       "YAML tags are not supported: " + tag, "remove the tag")};
  }

  // yaml-cpp takes the end of the file for the end of a quoted text; a file that was cut short
  // would pass for a whole one.
  void check_closed(YAML::Mark const& mark) const {
    std::string const& text = source_->text();
    const std::string_view line = source_->line(mark.line + 1);
    const auto column = static_cast<std::size_t>(mark.column);
    if (column >= line.size() || (line[column] != '"' && line[column] != '\'')) return;
    const auto start = static_cast<std::size_t>(line.data() - text.data()) + column;
    if (text.find(line[column], start + 1) != std::string::npos) return;
    throw Stop{problem(Code::config_syntax, origin(mark, {}).place(),
                       "invalid YAML: the quote is not closed")};
  }

  void open(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor, NodeKind kind) {
    check_tag(mark, tag);
    if (stack_.size() >= static_cast<std::size_t>(kMaxDepth)) {
      throw Stop{problem(Code::config_too_large, origin(mark, {}).place(),
                         "nested deeper than " + std::to_string(kMaxDepth) + " levels")};
    }
    Open opened;
    opened.node = std::make_shared<Node>();
    opened.node->kind = kind;
    opened.node->at = origin(mark, {});
    opened.node->at.length = 1;
    opened.anchor = anchor;
    stack_.push_back(std::move(opened));
  }

  void close() {
    Open closed = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(closed.node), closed.anchor);
  }

  void add(std::shared_ptr<Node> node, YAML::anchor_t anchor) {
    NodePtr finished = std::move(node);
    if (anchor != 0) anchors_.insert_or_assign(anchor, finished);
    place(std::move(finished));
  }

  // Counts what the value would be when written out in full, before anyone walks it.
  void place(NodePtr value) {
    const std::size_t size = value->size;
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = stack_.back();
    parent.node->size += size;
    total_ += 1;
    if (parent.node->size > kMaxNodes || total_ > kMaxNodes) {
      throw Stop{problem(Code::config_too_large, parent.node->at.place(),
                         "more than " + std::to_string(kMaxNodes) + " values",
                         "look for anchors that multiply")};
    }
    if (parent.node->kind == NodeKind::list) {
      parent.node->items.push_back(std::move(value));
    } else if (parent.key == nullptr) {
      parent.key = std::move(value);
    } else {
      add_member(parent, std::move(value));
    }
  }

  void add_member(Open& parent, NodePtr value) {
    const NodePtr key = std::exchange(parent.key, nullptr);
    if (key->kind != NodeKind::scalar) {
      diagnostics_.push_back(
          problem(Code::config_syntax, key->at.place(), "a key must be plain text"));
      return;
    }
    if (key->text == "<<") {
      diagnostics_.push_back(problem(Code::config_unsupported, key->at.place(),
                                     "merge keys are not supported", "write the keys out"));
      return;
    }
    if (!parent.names.insert(key->text).second) {
      Diagnostic found = problem(Code::config_duplicate_key, key->at.place(),
                                 "key \"" + key->text + "\" is given twice");
      const auto* first = parent.node->find(key->text);
      if (first != nullptr) found.hint = "first given in line " + std::to_string(first->at.line);
      found.key = key->text;
      diagnostics_.push_back(std::move(found));
      return;
    }
    parent.node->members.push_back({key->text, key->at, std::move(value)});
  }

  std::shared_ptr<const Source> source_;
  std::vector<Diagnostic>& diagnostics_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  std::size_t total_ = 0;
  NodePtr root_;
  Origin start_;
};

// The place of one byte of the text.
Place place_of_byte(Source const& source, std::size_t at) {
  std::string const& text = source.text();
  const std::string_view before = std::string_view(text).substr(0, at);
  Place place;
  place.file = source.name();
  place.line = 1 + static_cast<int>(std::ranges::count(before, '\n'));
  place.column = 1 + static_cast<int>(at - (before.rfind('\n') + 1));
  place.line_text = shown_line(source, place.line);
  return place;
}

// What yaml-cpp does not check: size, encoding, bytes that are no text.
std::optional<Diagnostic> unreadable(std::shared_ptr<const Source> const& source) {
  std::string const& text = source->text();
  if (text.size() > kMaxFileBytes) {
    Place place;
    place.file = source->name();
    return problem(Code::config_too_large, place,
                   "larger than " + std::to_string(kMaxFileBytes >> 20U) + " MiB");
  }
  const auto control = std::ranges::find_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
  });
  if (control != text.end()) {
    const Place place = place_of_byte(*source, static_cast<std::size_t>(control - text.begin()));
    return problem(Code::config_syntax, place,
                   "not a text file: control character in line " + std::to_string(place.line));
  }
  if (const std::size_t good = text::utf8_prefix(text); good < text.size()) {
    return problem(Code::config_syntax, place_of_byte(*source, good), "not valid UTF-8",
                   "save the file as UTF-8");
  }
  return std::nullopt;
}

Diagnostic syntax_error(Source const& source, YAML::Exception const& thrown) {
  Place place;
  place.file = source.name();
  if (!thrown.mark.is_null()) {
    place.line = thrown.mark.line + 1;
    place.column = thrown.mark.column + 1;
    place.line_text = shown_line(source, place.line);
  }
  if (dynamic_cast<YAML::DeepRecursion const*>(&thrown) != nullptr) {
    return problem(Code::config_too_large, place, "nested too deep");
  }
  const auto tab = place.line_text.find('\t');
  if (tab != std::string::npos && place.line_text.find_first_not_of(" \t") > tab) {
    place.column = static_cast<int>(tab) + 1;
    return problem(Code::config_syntax, place, "invalid YAML: a tab in the indentation",
                   "indent with spaces");
  }
  return problem(Code::config_syntax, place, "invalid YAML: " + thrown.msg);
}

}  // namespace

Source::Source(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)), starts_{0} {
  // Lines of a text that is too large are never asked for.
  if (text_.size() > kMaxFileBytes) return;
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    starts_.push_back(at + 1);
  }
}

std::string_view Source::line(int number) const {
  if (number < 1 || static_cast<std::size_t>(number) > starts_.size()) return {};
  std::string_view rest =
      std::string_view(text_).substr(starts_[static_cast<std::size_t>(number) - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

Place Origin::place() const {
  Place out;
  if (rank != Rank::file || source == nullptr) {
    out.name = name;
    return out;
  }
  out.file = source->name();
  out.line = line;
  out.column = column;
  out.length = length;
  out.line_text = shown_line(*source, line);
  return out;
}

Member const* Node::find(std::string_view name) const {
  const auto found = std::ranges::find(members, name, &Member::name);
  return found == members.end() ? nullptr : &*found;
}

std::string_view kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "nothing";
    case NodeKind::scalar:
      return "a single value";
    case NodeKind::list:
      return "a list";
    case NodeKind::map:
      return "a mapping";
  }
  return "nothing";
}

Diagnostic problem(Code code, Place place, std::string message, std::string hint) {
  constexpr std::size_t kMaxMessage = 500;  // the file's own words may be in it
  Diagnostic out;
  out.code = code;
  out.message = std::move(message);
  if (out.message.size() > kMaxMessage) out.message.replace(kMaxMessage, std::string::npos, "…");
  out.hint = std::move(hint);
  out.place = std::move(place);
  return out;
}

Diagnostic caution(Code code, Place place, std::string message, std::string hint) {
  Diagnostic out = problem(code, std::move(place), std::move(message), std::move(hint));
  out.severity = Severity::warning;
  return out;
}

Parsed parse_document(std::shared_ptr<const Source> const& source) {
  Parsed out;
  if (auto found = unreadable(source)) {
    out.diagnostics.push_back(std::move(*found));
    return out;
  }
  Builder builder(source, out.diagnostics);
  try {
    std::istringstream stream(source->text());
    YAML::Parser parser(stream);
    const bool any = parser.HandleNextDocument(builder);
    out.root = any ? builder.take() : nullptr;
    Builder second(source, out.diagnostics);
    if (any && parser.HandleNextDocument(second)) {
      out.diagnostics.push_back(problem(Code::config_syntax, second.start(),
                                        "more than one YAML document", "one file, one document"));
    }
  } catch (Stop& stop) {
    out.diagnostics.push_back(std::move(stop.diagnostic));
    out.root = nullptr;
  } catch (YAML::Exception const& thrown) {
    out.diagnostics.push_back(syntax_error(*source, thrown));
    out.root = nullptr;
  } catch (std::exception const& thrown) {
    Place place;
    place.file = source->name();
    out.diagnostics.push_back(
        problem(Code::config_syntax, place, std::string("invalid YAML: ") + thrown.what()));
    out.root = nullptr;
  }
  return out;
}

}  // namespace aw::config

// SPDX-License-Identifier: Apache-2.0
#include "core/config/document.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <set>
#include <sstream>

#include "core/base/text.h"

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

// Ends the parse with a finding; caught in parse_document, never leaves this file.
struct Stop {
  Diagnostic diagnostic;
};

// Builds the tree. Open containers are a stack; the finished ones are immutable and shared.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const Source> source, std::vector<Diagnostic>& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  void OnDocumentStart(YAML::Mark const& /*mark*/) override {}
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
};

// What yaml-cpp does not check: size, encoding, bytes that are no text.
std::optional<Diagnostic> unreadable(std::shared_ptr<const Source> const& source) {
  Place place;
  place.file = source->name();
  std::string const& text = source->text();
  if (text.size() > kMaxFileBytes) {
    return problem(Code::config_too_large, place,
                   "larger than " + std::to_string(kMaxFileBytes >> 20U) + " MiB");
  }
  const auto control = std::ranges::find_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
  });
  if (control != text.end()) {
    place.line = 1 + static_cast<int>(std::count(text.begin(), control, '\n'));
    place.column = 1;
    return problem(Code::config_syntax, place,
                   "not a text file: control character in line " + std::to_string(place.line));
  }
  if (!text::is_utf8(text)) return problem(Code::config_syntax, place, "not valid UTF-8");
  return std::nullopt;
}

Diagnostic syntax_error(Source const& source, YAML::Exception const& thrown) {
  Place place;
  place.file = source.name();
  if (!thrown.mark.is_null()) {
    place.line = thrown.mark.line + 1;
    place.column = thrown.mark.column + 1;
    place.line_text = std::string(source.line(place.line));
  }
  const bool deep = dynamic_cast<YAML::DeepRecursion const*>(&thrown) != nullptr;
  return problem(deep ? Code::config_too_large : Code::config_syntax, place,
                 deep ? "nested too deep" : "invalid YAML: " + thrown.msg);
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
  out.line_text = std::string(source->line(line));
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
  Diagnostic out;
  out.code = code;
  out.message = std::move(message);
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
      Place place;
      place.file = source->name();
      out.diagnostics.push_back(problem(Code::config_syntax, place, "more than one YAML document",
                                        "one file, one document"));
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

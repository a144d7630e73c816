// SPDX-License-Identifier: Apache-2.0
#include "core/rego/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace aw::rego {
namespace {

constexpr std::size_t kMaxNodes = 200'000;  // after anchors are followed
constexpr int kMaxYamlDepth = 100;

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

Value radix_number(std::string_view text) {
  int base = text.starts_with("0x")   ? 16
             : text.starts_with("0o") ? 8
             : text.starts_with("0b") ? 2
                                      : 0;
  if (base == 0) return {};
  std::int64_t number = 0;
  auto end = text.data() + text.size();
  auto parsed = std::from_chars(text.data() + 2, end, number, base);
  return parsed.ec == std::errc{} && parsed.ptr == end ? Value::number(number) : Value{};
}

Value plain_scalar(std::string const& text) {
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return Value::null();
  if (one_of(text, {"true", "True", "TRUE"})) return Value::boolean(true);
  if (one_of(text, {"false", "False", "FALSE"})) return Value::boolean(false);
  std::string digits;  // 1_000 is a number
  bool underscored = text.contains('_') && !text.starts_with('_');
  for (char c : text) {
    if (c != '_') digits += c;
  }
  std::string_view number = underscored ? std::string_view(digits) : std::string_view(text);
  if (number.size() > 1 && number.ends_with('.')) number.remove_suffix(1);  // 1. is one too
  if (number.starts_with('+')) number.remove_prefix(1);
  if (Value value = Value::number_text(number); value.defined()) return value;
  if (Value value = radix_number(number); value.defined()) return value;
  return Value::string(text);
}

class Reader {
 public:
  Value read(YAML::Node const& node, int depth) {
    if (++nodes_ > kMaxNodes || depth > kMaxYamlDepth) {
      problem = "document is too large or nested too deeply";
      return Value::null();
    }
    if (!problem.empty() || !node.IsDefined() || node.IsNull()) return Value::null();
    if (node.IsScalar()) {
      bool quoted = node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str";
      return quoted ? Value::string(node.Scalar()) : plain_scalar(node.Scalar());
    }
    if (node.IsSequence()) {
      std::vector<Value> items;
      for (auto const& item : node) items.push_back(read(item, depth + 1));
      return Value::array(std::move(items));
    }
    return mapping(node, depth);
  }

  std::string problem;

 private:
  Value mapping(YAML::Node const& node, int depth) {
    std::vector<Entry> entries;
    for (auto const& pair : node) {
      Value key = read(pair.first, depth + 1);
      if (key.is(Kind::array) || key.is(Kind::object)) problem = "invalid map key";
      if (!key.is(Kind::string)) key = Value::string(key.to_json());
      entries.push_back({std::move(key), read(pair.second, depth + 1)});
    }
    return Value::object(std::move(entries));
  }

  std::size_t nodes_ = 0;
};

// What YAML 1.1 reads as true or false.
bool is_old_boolean(std::string const& text) {
  return one_of(text, {"y", "Y", "yes", "Yes", "YES", "no", "No", "NO", "n", "N", "on", "On", "ON",
                       "off", "Off", "OFF"});
}

bool plain_safe(std::string const& text) {
  if (text.empty() || !plain_scalar(text).is(Kind::string)) return false;
  if (is_old_boolean(text)) return false;
  bool ends = text.front() != ' ' && text.back() != ' ' && text.back() != ':';
  bool first = !std::string_view("-?:,[]{}#&*!|>'\"%@`").contains(text.front());
  bool inside = text.find(": ") == std::string::npos && text.find(" #") == std::string::npos;
  bool printable =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return ends && first && inside && printable;
}

// Plain where that reads back; in double quotes what would read as something else or is not
// printable; else in single ones.
std::string string_text(std::string const& text, Value const& value) {
  if (plain_safe(text)) return text;
  bool word = text.empty() || !plain_scalar(text).is(Kind::string) || is_old_boolean(text);
  bool printable =
      std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (word || !printable) return value.to_json();
  std::string out = "'";
  for (char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

void write(std::string& out, Value const& value, std::size_t indent) {
  std::string pad(indent, ' ');
  auto nested = [&](Value const& item, bool in_sequence) {
    if (item.size() == 0) {
      out += ' ';
      write(out, item, 0);
      return;
    }
    if (in_sequence) {
      std::string inner;
      write(inner, item, indent + 2);
      out += ' ' + inner.substr(indent + 2);
    } else {
      out += '\n';
      write(out, item, indent + 2);
    }
  };
  if (value.is(Kind::object) && value.size() > 0) {
    for (Entry const& entry : value.entries()) {
      out += pad;
      write(out, entry.key, 0);
      out.pop_back();
      out += ':';
      nested(entry.value, false);
    }
  } else if (value.size() > 0) {
    for (Value const& item : value.items()) {
      out += pad + "-";
      nested(item, true);
    }
  } else {
    std::string text(value.as_string());
    out += pad + (value.is(Kind::string) ? string_text(text, value) : value.to_json()) + "\n";
  }
}

// What go-yaml says of the same fault.
std::string yaml_words(std::string const& said) {
  if (said == "end of sequence flow not found") return "did not find expected ',' or ']'";
  if (said == "end of map flow not found") return "did not find expected ',' or '}'";
  return said;
}

// Goes through a stream without making anything of it, so that what follows the first document is
// looked at too. Ends with a fault what the library would read for ever, or read as two documents
// without a `---` between them (YAML 1.2 §9.2).
class StreamCheck final : public YAML::EventHandler {
 public:
  explicit StreamCheck(std::string_view text) : text_(text) {}

  void OnDocumentStart(YAML::Mark const& mark) override {
    bool again = documents_ > 0 && mark.pos <= last_;
    std::size_t at = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
    std::string_view before = text_.substr(0, at);
    bool apart = documents_ == 0 || before.contains("---") || before.contains("...") ||
                 text_.substr(at).starts_with("---");
    if (again || !apart) {
      throw YAML::ParserException(mark, "did not find expected <document start>");
    }
    last_ = mark.pos;
    if (++documents_ > kMostDocuments) throw YAML::ParserException(mark, "too many documents");
  }
  void OnDocumentEnd() override {}
  void OnNull(YAML::Mark const& mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(YAML::Mark const& mark, YAML::anchor_t) override { count(mark); }
  void OnScalar(YAML::Mark const& mark, std::string const&, YAML::anchor_t,
                std::string const&) override {
    count(mark);
  }
  void OnSequenceStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnMapEnd() override {}

 private:
  static constexpr int kMostDocuments = 1'000;

  void count(YAML::Mark const& mark) {
    if (++events_ > kMaxNodes) throw YAML::ParserException(mark, "document is too large");
  }

  std::string_view text_;
  int documents_ = 0;
  int last_ = -1;
  std::size_t events_ = 0;
};

void check_stream(std::string const& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  StreamCheck check(text);
  while (parser.HandleNextDocument(check)) {
  }
}

}  // namespace

Result<Value> parse_yaml(std::string_view given) {
  std::string text(given);
  // go-yaml refuses what the reader would skip: a tab or a directive where a document must begin.
  if (text.starts_with('\t') || (text.starts_with('%') && !text.contains("---"))) {
    return make_error(Code::policy_data, "yaml: found character that cannot start any token");
  }
  try {
    check_stream(text);
    Reader reader;
    Value value = reader.read(YAML::Load(text), 0);
    if (!reader.problem.empty()) return make_error(Code::policy_data, "yaml: " + reader.problem);
    return value;
  } catch (YAML::Exception const& fault) {
    return make_error(Code::policy_data, "yaml: line " + std::to_string(fault.mark.line + 1) +
                                             ": " + yaml_words(fault.msg));
  }
}

std::string to_yaml(Value const& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

}  // namespace aw::rego

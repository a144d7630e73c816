// SPDX-License-Identifier: Apache-2.0
#include "core/rego/go_template.h"

#include <memory>
#include <vector>

#include "core/base/text.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMaxOutput = 16U << 20;
constexpr int kMaxGoTemplateDepth = 50;

struct Node;
using Nodes = std::vector<Node>;

struct Node {
  enum class Kind { text, value, range, condition, scope };
  Kind kind = Kind::text;
  std::string text;      // literal, or the expression
  std::string key_name;  // range $key, $value := …
  std::string value_name;
  Nodes body;
  Nodes otherwise;
};

using Variables = std::vector<std::pair<std::string, Value>>;

class Template {
 public:
  explicit Template(std::string_view text) : text_(text) {}

  Result<std::string> render(Value const& data) {
    Nodes nodes;
    std::string end;
    if (!parse(nodes, end, 0)) return fault();
    if (!end.empty())
      return make_error(Code::policy_builtin, "template: unexpected {{" + end + "}}");
    std::string out;
    Variables variables = {{"$", data}};
    if (!write(nodes, data, variables, out)) return fault();
    return out;
  }

 private:
  [[nodiscard]] Error fault() const {
    return make_error(Code::policy_builtin, "template: " + problem_);
  }
  bool fail(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
    return false;
  }

  // Up to an {{end}} or {{else}}, whose text goes to `end`.
  bool parse(Nodes& out, std::string& end, int depth) {
    if (depth > kMaxGoTemplateDepth) return fail("nested too deeply");
    while (at_ < text_.size()) {
      std::size_t open = text_.find("{{", at_);
      std::string_view literal =
          text_.substr(at_, open == std::string_view::npos ? open : open - at_);
      if (trim_next_)
        literal = literal.substr(std::min(literal.find_first_not_of(" \t\r\n"), literal.size()));
      trim_next_ = false;
      at_ = open == std::string_view::npos ? text_.size() : open + 2;
      bool trim_before = open != std::string_view::npos && text_.substr(at_).starts_with("- ");
      if (trim_before) {
        literal = literal.substr(0, literal.find_last_not_of(" \t\r\n") + 1);
        at_ += 2;
      }
      if (!literal.empty()) {
        out.emplace_back();
        out.back().text = literal;
      }
      if (open == std::string_view::npos) return true;
      std::size_t close = text_.find("}}", at_);
      if (close == std::string_view::npos) return fail("unclosed action");
      std::string_view action = text_.substr(at_, close - at_);
      at_ = close + 2;
      if (action.ends_with(" -")) {
        trim_next_ = true;
        action.remove_suffix(2);
      }
      action = text::trim(action);
      if (action == "end" || action == "else" || action.starts_with("else ")) {
        end = action;
        return true;
      }
      if (!parse_action(action, out, depth)) return false;
    }
    return true;
  }

  bool parse_action(std::string_view action, Nodes& out, int depth) {
    if (action.starts_with("/*")) return true;
    Node node;
    node.kind = Node::Kind::value;
    if (action.starts_with("range ")) node.kind = Node::Kind::range;
    if (action.starts_with("if ")) node.kind = Node::Kind::condition;
    if (action.starts_with("with ")) node.kind = Node::Kind::scope;
    std::size_t space = action.find(' ');
    std::string_view expression =
        node.kind == Node::Kind::value ? action : text::trim(action.substr(space));
    if (std::size_t assign = expression.find(":="); assign != std::string_view::npos) {
      auto names = text::split(expression.substr(0, assign), ',');
      node.value_name = text::trim(names.back());
      if (names.size() > 1) node.key_name = text::trim(names.front());
      expression = text::trim(expression.substr(assign + 2));
    }
    node.text = expression;
    if (node.kind == Node::Kind::value) {
      out.push_back(std::move(node));
      return true;
    }
    std::string end;
    if (!parse(node.body, end, depth + 1)) return false;
    if (end.starts_with("else if ")) {
      std::string nested = end.substr(5);
      if (!parse_action(nested, node.otherwise, depth + 1)) return false;
    } else if (end == "else") {
      end.clear();
      if (!parse(node.otherwise, end, depth + 1)) return false;
      if (end != "end") return fail("expected {{end}}");
    } else if (end != "end") {
      return fail("unexpected end of template");
    }
    out.push_back(std::move(node));
    return true;
  }

  // `.`, `.a.b`, `$x.a`, a literal. Undefined when missing.
  bool evaluate(std::string_view expression, Value const& dot, Variables const& variables,
                Value& out) {
    if (expression.starts_with('"')) {
      auto parsed = parse_json(expression);
      if (!parsed.ok()) return fail("bad string");
      out = *parsed;
      return true;
    }
    if (Value number = Value::number_text(expression); number.defined()) {
      out = number;
      return true;
    }
    std::size_t from = 0;
    if (expression.starts_with('$')) {
      from = std::min(expression.find('.'), expression.size());
      std::string_view name = expression.substr(0, from);
      bool found = false;
      for (auto at = variables.rbegin(); at != variables.rend() && !found; ++at) {
        found = at->first == name;
        if (found) out = at->second;
      }
      if (!found) return fail("undefined variable \"" + std::string(name) + "\"");
    } else if (expression.starts_with('.')) {
      out = dot;
    } else {
      return fail("function \"" + std::string(expression) + "\" not defined");
    }
    for (std::string_view step : text::split(expression.substr(from), '.')) {
      if (step.empty()) continue;
      Value const* next = out.find(step);
      Value held = next == nullptr ? Value() : *next;
      out = held;
      if (!out.defined()) return true;
    }
    return true;
  }

  static bool truth(Value const& value) {
    switch (value.kind()) {
      case Kind::undefined:
      case Kind::null:
        return false;
      case Kind::boolean:
        return value.is_true();
      case Kind::number:
        return value.as_double() != 0;
      case Kind::string:
        return !value.as_string().empty();
      default:
        return value.size() > 0;
    }
  }

  static std::string printed(Value const& value) {
    if (!value.defined()) return "<undefined>";
    if (value.is(Kind::string)) return std::string(value.as_string());
    if (value.is(Kind::null)) return "<nil>";
    if (value.is(Kind::array) || value.is(Kind::set)) {
      std::string out = "[";
      for (Value const& item : value.items()) out += (out.size() > 1 ? " " : "") + printed(item);
      return out + "]";
    }
    if (!value.is(Kind::object)) return value.to_json();
    std::string out = "map[";
    for (Entry const& e : value.entries()) {
      out += (out.size() > 4 ? " " : "") + printed(e.key) + ":" + printed(e.value);
    }
    return out + "]";
  }

  bool write(Nodes const& nodes, Value const& dot, Variables& variables, std::string& out) {
    for (Node const& node : nodes) {
      if (out.size() > kMaxOutput) return fail("output is too long");
      if (node.kind == Node::Kind::text) {
        out += node.text;
        continue;
      }
      Value value;
      if (!evaluate(node.text, dot, variables, value)) return false;
      if (node.kind == Node::Kind::value) {
        if (node.value_name.empty()) {
          out += printed(value);
        } else {
          variables.emplace_back(node.value_name, value);
        }
        continue;
      }
      std::size_t mark = variables.size();
      bool ok = node.kind == Node::Kind::range ? write_range(node, value, dot, variables, out)
                                               : write_branch(node, value, dot, variables, out);
      variables.resize(mark);
      if (!ok) return false;
    }
    return true;
  }

  bool write_branch(Node const& node, Value const& value, Value const& dot, Variables& variables,
                    std::string& out) {
    if (!truth(value)) return write(node.otherwise, dot, variables, out);
    bool scope = node.kind == Node::Kind::scope;
    if (!node.value_name.empty()) variables.emplace_back(node.value_name, value);
    return write(node.body, scope ? value : dot, variables, out);
  }

  bool write_range(Node const& node, Value const& value, Value const& dot, Variables& variables,
                   std::string& out) {
    if (value.size() == 0) return write(node.otherwise, dot, variables, out);
    std::size_t mark = variables.size();
    for (std::size_t i = 0; i < value.size(); ++i) {
      bool object = value.is(Kind::object);
      Value key = object ? value.entries()[i].key : Value::number(static_cast<std::int64_t>(i));
      Value item = object ? value.entries()[i].value : value.items()[i];
      if (!node.key_name.empty()) variables.emplace_back(node.key_name, key);
      if (!node.value_name.empty()) variables.emplace_back(node.value_name, item);
      if (!write(node.body, item, variables, out)) return false;
      variables.resize(mark);
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool trim_next_ = false;
  std::string problem_;
};

}  // namespace

Result<std::string> render_go_template(std::string_view text, Value const& data) {
  return Template(text).render(data);
}

}  // namespace aw::rego

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "core/config/checks.h"
#include "core/config/secret_refs.h"
#include "core/config/values.h"

namespace aw::config {
namespace {

constexpr std::size_t kMaxText = 64U << 10;  // one value after expansion
constexpr std::size_t kMaxTotal = 4U << 20;  // all of them
constexpr int kMaxNesting = 8;               // ${A:-${B:-…}}

bool is_name(std::string_view name) {
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// The position of the brace that closes the one before `start`.
std::size_t closing_brace(std::string_view text, std::size_t start) {
  int depth = 1;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

class Expander {
 public:
  Expander(EnvLookup const& env, std::vector<Diagnostic>& found) : env_(env), found_(found) {}

  NodePtr tree(NodePtr const& node) {
    if (node->kind == NodeKind::scalar) return scalar(node);
    if (node->kind == NodeKind::null) return node;
    auto copy = std::make_shared<Node>(*node);
    for (NodePtr& item : copy->items) item = tree(item);
    for (Member& member : copy->members) member.value = tree(member.value);
    return copy;
  }

 private:
  NodePtr scalar(NodePtr const& node) {
    if (node->text.find("${") == std::string::npos) return node;
    auto copy = std::make_shared<Node>(*node);
    std::string problem_text;
    references_.clear();
    std::string text;
    const bool good =
        append_expanded(text, node->text, 0, problem_text) && only_ours(text, problem_text);
    if (!good) {
      found_.push_back(problem(Code::config_bad_variable, node->at.place(), problem_text,
                               "set it, or write ${NAME:-default}"));
      copy->text.clear();
    } else {
      copy->text = std::move(text);
      total_ += copy->text.size();
    }
    if (total_ > kMaxTotal && !too_much_) {
      too_much_ = true;
      found_.push_back(
          problem(Code::config_too_large, node->at.place(), "variables expand to more than 4 MiB"));
    }
    copy->expanded = true;
    return copy;
  }

  // Behind what `out` holds. False: `wrong` says why.
  bool append_expanded(std::string& out, std::string_view text, int nesting, std::string& wrong) {
    if (too_much_) return true;
    while (!text.empty()) {
      const auto start = text.find("${");
      out += text.substr(0, start);
      if (start == std::string_view::npos) break;
      if (start > 0 && text[start - 1] == '$') {  // $${ stands for itself
        if (text.substr(start + 2).starts_with("secret:")) {
          wrong = "a literal ${secret: cannot be written";
          return false;
        }
        out.back() = '$';
        out += '{';
        text.remove_prefix(start + 2);
        continue;
      }
      const auto end = closing_brace(text, start + 2);
      if (end == std::string_view::npos || nesting >= kMaxNesting) {
        wrong = "${ is not closed, or nested too deep";
        return false;
      }
      if (!append_variable(out, text.substr(start + 2, end - start - 2), nesting, wrong))
        return false;
      if (out.size() > kMaxText) {
        wrong = "value is longer than 64 KiB after expansion";
        return false;
      }
      text.remove_prefix(end + 1);
    }
    return true;
  }

  // secret:NAME stays as it is written: who keeps it is asked when the agent starts.
  bool append_secret(std::string& out, std::string_view body, std::string& wrong) {
    if (const auto bad = checks::secret_name(body.substr(body.find(':') + 1)); !bad.empty()) {
      wrong = "${" + std::string(body) + "}: a secret's name " + bad;
      return false;
    }
    references_.push_back(out.size());
    out.append("${").append(body).append("}");
    return true;
  }

  // NAME or NAME:-default; an empty variable takes the default, as in a shell.
  bool append_variable(std::string& out, std::string_view body, int nesting, std::string& wrong) {
    if (body.starts_with("secret:")) return append_secret(out, body, wrong);
    const auto dash = body.find(":-");
    const std::string_view name = body.substr(0, dash);
    if (!is_name(name)) {
      wrong = "${" + std::string(body) + "} is not a variable";
      return false;
    }
    const auto value = env_ ? env_(name) : std::nullopt;
    if (dash != std::string_view::npos && (!value || value->empty())) {
      return append_expanded(out, body.substr(dash + 2), nesting + 1, wrong);
    }
    if (!value) {
      wrong = "variable " + std::string(name) + " is not set";
      return false;
    }
    out += *value;
    return true;
  }

  // Whoever may set a variable may not thereby have a secret put somewhere, nor by two of them that
  // hold a part each: every reference stands where the file wrote it.
  bool only_ours(std::string_view text, std::string& wrong) const {
    for (auto at = text.find(kSecretReference); at != std::string_view::npos;
         at = text.find(kSecretReference, at + 1)) {
      if (std::ranges::find(references_, at) != references_.end()) continue;
      wrong = "a variable refers to a secret: only the file itself may";
      return false;
    }
    return true;
  }

  EnvLookup const& env_;
  std::vector<Diagnostic>& found_;
  std::vector<std::size_t> references_;  // where the value at hand has the file's own
  std::size_t total_ = 0;
  bool too_much_ = false;
};

}  // namespace

NodePtr expand(NodePtr const& root, EnvLookup const& env, std::vector<Diagnostic>& found) {
  return Expander(env, found).tree(root);
}

}  // namespace aw::config

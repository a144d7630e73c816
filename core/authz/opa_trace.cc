// SPDX-License-Identifier: Apache-2.0
#include "core/authz/opa_trace.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "core/rego/parser.h"

namespace aw::authz {
namespace {

using rego::ExprRecord;
using rego::ExprState;
using rego::RuleRecord;

constexpr std::size_t kMaxRuleRecords = 2'000;

struct TracedEvent {
  std::string_view file;
  int line = 0;
  std::string_view op;
  std::string_view text;
};

bool is_digit_char(char c) { return c >= '0' && c <= '9'; }

// "FILE:LINE   | | Op text"; a file's name may hold colons and spaces.
std::optional<TracedEvent> parse_event(std::string_view line) {
  for (auto colon = line.find(':'); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    auto at = colon + 1;
    while (at < line.size() && is_digit_char(line[at])) ++at;
    bool const numbered = at > colon + 1 && at < line.size() && line[at] == ' ';
    if (!numbered) continue;
    TracedEvent out{.file = line.substr(0, colon)};
    auto const digits = line.substr(colon + 1, at - colon - 1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), out.line).ec != std::errc{}) {
      return std::nullopt;
    }
    while (at < line.size() && (line[at] == ' ' || line[at] == '|')) ++at;
    auto const end = std::min(line.find(' ', at), line.size());
    out.op = line.substr(at, end - at);
    out.text = line.substr(std::min(end + 1, line.size()));
    return out;
  }
  return std::nullopt;
}

// OPA shortens long names ("...policies/authz.rego"), and its ids have no leading slash.
bool same_file(std::string_view told, std::string_view id) {
  if (told.starts_with("...")) return id.ends_with(told.substr(3));
  while (told.starts_with('/')) told.remove_prefix(1);
  while (id.starts_with('/')) id.remove_prefix(1);
  return told == id;
}

// What the trace says of one source.
struct Traced {
  std::set<int> evaluated;
  std::map<int, std::string_view> failed;  // the first failure of a line
  std::set<int> left;                      // lines of heads whose rule answered
};

bool is_word_char(char c) {
  return c == '_' || is_digit_char(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Names in a text, but for what every text may have.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && is_word_char(text[end])) ++end;
    auto const word = text.substr(at, end - at);
    bool const common = word.size() < 3 || word == "input" || word == "data" || word == "not";
    if (!common && !is_digit_char(word[0])) out.push_back(word);
    at = std::max(end, at + 1);
  }
  return out;
}

bool shares_word(std::string_view a, std::string_view b) {
  auto const known = words_of(b);
  return std::ranges::any_of(words_of(a), [&known](std::string_view word) {
    return std::ranges::find(known, word) != known.end();
  });
}

class RuleReader {
 public:
  RuleReader(rego::Source const& source, rego::Module const& module, Traced const& traced,
             std::set<std::string> const& indexed)
      : source_(source), traced_(traced), indexed_(indexed) {
    package_ = "data";
    for (auto const& step : module.package) package_ += "." + step;
  }

  void read(rego::Rule const& rule, std::vector<RuleRecord>& out) const {
    for (auto const* at = &rule; at != nullptr; at = at->otherwise.get()) {
      auto record = record_of(*at);
      if (record && out.size() < kMaxRuleRecords) out.push_back(std::move(*record));
    }
  }

 private:
  [[nodiscard]] std::string_view text_of(rego::Place const& place) const {
    std::string_view const all = source_.text;
    if (place.offset > all.size() || place.end < place.offset) return {};
    return all.substr(place.offset, place.end - place.offset);
  }

  [[nodiscard]] std::optional<RuleRecord> record_of(rego::Rule const& rule) const {
    RuleRecord out;
    out.path = package_ + "." + rule.head.ref[0]->name;
    out.text = text_of(rule.place);
    out.location = {.file = source_.name,
                    .line = static_cast<int>(rule.place.line),
                    .column = static_cast<int>(rule.place.column)};
    out.is_default = rule.is_default;
    auto const last = out.location.line + static_cast<int>(std::ranges::count(out.text, '\n'));
    auto const tried = traced_.evaluated.lower_bound(out.location.line);
    bool const entered = tried != traced_.evaluated.end() && *tried <= last;
    if (rule.is_default || (!entered && !indexed_.contains(out.path))) return std::nullopt;
    out.fired = entered && traced_.left.contains(out.location.line);
    for (auto const& expr : rule.body) {
      if (!expr.generated) out.expressions.push_back(expression_of(expr));
    }
    judge(out);
    return out;
  }

  [[nodiscard]] ExprRecord expression_of(rego::Expr const& expr) const {
    ExprRecord out;
    out.line = static_cast<int>(expr.place.line);
    for (char const c : text_of(expr.place)) {
      bool const blank = c == '\n' || c == '\t' || c == ' ';
      if (!blank || (!out.text.empty() && out.text.back() != ' ')) out.text += blank ? ' ' : c;
    }
    return out;
  }

  // The last line that failed is where the rule came furthest; of several expressions on it, the
  // one that has a name in common with what failed.
  void judge(RuleRecord& rule) const {
    auto& all = rule.expressions;
    std::size_t stop = rule.fired ? all.size() : 0;
    if (!rule.fired) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        auto const failed = traced_.failed.find(all[i].line);
        if (failed == traced_.failed.end()) continue;
        bool const first_of_line = i == 0 || all[i - 1].line != all[i].line;
        bool const last_of_line = i + 1 == all.size() || all[i + 1].line != all[i].line;
        if (first_of_line || all[stop].line != all[i].line) stop = i;
        bool const named = shares_word(all[stop].text, failed->second);
        if (!named && (last_of_line || shares_word(all[i].text, failed->second))) stop = i;
        all[stop].state = ExprState::failed;
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      bool const failed = all[i].state == ExprState::failed && i == stop;
      bool const seen = traced_.evaluated.contains(all[i].line);
      all[i].state = failed             ? ExprState::failed
                     : i < stop && seen ? ExprState::held
                                        : ExprState::not_reached;
      if (all[i].state == ExprState::held) ++rule.held;
    }
  }

  rego::Source const& source_;
  Traced const& traced_;
  std::set<std::string> const& indexed_;
  std::string package_;
};

bool stopped(RuleRecord const& rule) {
  return std::ranges::find(rule.expressions, ExprState::failed, &ExprRecord::state) !=
         rule.expressions.end();
}

// A failed expression that names another rule which failed asks it.
void link_helpers(std::vector<RuleRecord>& rules) {
  for (auto& rule : rules) {
    for (auto& expression : rule.expressions) {
      if (expression.state != ExprState::failed) continue;
      auto const words = words_of(expression.text);
      for (std::size_t i = 0; i < rules.size(); ++i) {
        auto const name = std::string_view(rules[i].path).substr(rules[i].path.rfind('.') + 1);
        bool const asked = std::ranges::find(words, name) != words.end();
        if (asked && &rules[i] != &rule && stopped(rules[i])) {
          expression.asks.push_back(static_cast<int>(i));
          rules[i].helper = !rules[i].path.ends_with(".allow");
        }
      }
    }
  }
}

void find_closest(rego::Why& why) {
  std::size_t least = 0;
  for (std::size_t i = 0; i < why.rules.size(); ++i) {
    auto const& rule = why.rules[i];
    if (rule.fired || rule.helper || !stopped(rule)) continue;
    auto const missing = rule.expressions.size() - static_cast<std::size_t>(rule.held);
    if (why.closest >= 0 && missing >= least) continue;
    least = missing;
    why.closest = static_cast<int>(i);
    auto const failed = std::ranges::find(rule.expressions, ExprState::failed, &ExprRecord::state);
    auto const file = rule.location.file.substr(rule.location.file.rfind('/') + 1);
    why.summary = "closest rule " + file + ":" + std::to_string(rule.location.line) +
                  " stops at line " + std::to_string(failed->line);
  }
}

void note_event(TracedEvent const& event, Traced& into) {
  if (event.op == "Eval") into.evaluated.insert(event.line);
  if (event.op == "Enter") into.evaluated.insert(event.line);
  if (event.op == "Fail") into.failed.try_emplace(event.line, event.text);
  if (event.op == "Exit") into.left.insert(event.line);
}

}  // namespace

std::vector<rego::Source> opa_policies(rego::Value const& answer) {
  std::vector<rego::Source> out;
  for (auto const& policy : answer.get("result").items()) {
    auto const id = policy.get("id").as_string();
    auto const raw = policy.get("raw").as_string();
    if (!raw.empty()) out.push_back({std::string(id), std::string(raw)});
  }
  return out;
}

std::shared_ptr<const rego::Why> why_of_events(rego::Value const& events,
                                               std::vector<rego::Source> const& policies) {
  std::vector<Traced> traced(policies.size());
  std::set<std::string> indexed;
  for (auto const& line : events.items()) {
    auto const event = parse_event(line.as_string());
    if (!event) continue;
    if (event->op == "Index") indexed.emplace(event->text.substr(0, event->text.find(' ')));
    for (std::size_t i = 0; i < policies.size(); ++i) {
      if (same_file(event->file, policies[i].name)) note_event(*event, traced[i]);
    }
  }
  auto why = std::make_shared<rego::Why>();
  for (std::size_t i = 0; i < policies.size(); ++i) {
    rego::Module module;
    rego::Fault fault;
    if (!rego::parse_module(policies[i].text, 0, module, fault)) continue;
    RuleReader const reader(policies[i], module, traced[i], indexed);
    for (auto const& rule : module.rules) reader.read(rule, why->rules);
  }
  if (why->rules.empty()) return nullptr;
  link_helpers(why->rules);
  find_closest(*why);
  return why;
}

}  // namespace aw::authz

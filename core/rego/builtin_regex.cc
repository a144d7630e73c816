// SPDX-License-Identifier: Apache-2.0
// Regular expressions on RE2: linear time, whatever the pattern.
#include <algorithm>
#include <mutex>

#include "core/rego/builtin.h"
#include "core/rego/builtin_cache.h"
#include "core/rego/globs_match.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMaxCached = 4096;
constexpr std::size_t kMaxMatches = 1'000'000;

using Regex = std::shared_ptr<const re2::RE2>;

// Where what stands at the front of `rest` ends, when it is one thing whatever it holds: an escape,
// \Q…\E, a class. 0: it is none of these.
std::size_t length_of_unit(std::string_view rest) {
  auto const up_to = [rest](std::string_view end, std::size_t from) {
    auto const at = rest.find(end, from);
    return at == std::string_view::npos ? rest.size() : at + end.size();
  };
  if (rest.starts_with("\\Q")) return up_to("\\E", 2);
  if (rest.starts_with('\\')) return std::min<std::size_t>(2, rest.size());
  if (!rest.starts_with('[')) return 0;
  std::size_t at = rest.starts_with("[^") ? 2 : 1;
  if (rest.substr(at).starts_with(']')) ++at;  // the first is a member
  while (at < rest.size() && rest[at] != ']') {
    auto const inside = rest.substr(at);
    at = inside.starts_with("[:") ? up_to(":]", at + 2) : at + (inside.starts_with('\\') ? 2 : 1);
  }
  return std::min(at + 1, rest.size());
}

// Go's spelling in RE2's, where they differ: (?<name>…), which this RE2 does not know yet, and \C,
// which Go does not.
std::string as_re2(std::string_view pattern) {
  std::string out;
  while (!pattern.empty()) {
    auto const unit = std::max<std::size_t>(1, length_of_unit(pattern));
    auto const rest = pattern.substr(std::min<std::size_t>(3, pattern.size()));
    bool const named =
        pattern.starts_with("(?<") && !rest.starts_with('=') && !rest.starts_with('!');
    if (named) {
      out += "(?P<";
      pattern.remove_prefix(3);
      continue;
    }
    auto const piece = pattern.substr(0, unit);
    out += piece == "\\C" ? std::string_view("\\8") : piece;  // both refuse a reference
    pattern.remove_prefix(unit);
  }
  return out;
}

Regex compile_regex(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  return std::make_shared<const re2::RE2>(as_re2(pattern), options);
}

bool want_texts(BuiltinCall& call, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!call.want(i, Kind::string)) return false;
  }
  return true;
}

Regex regex_of(BuiltinCall& call, std::string_view pattern) {
  Regex regex = call.context.cache->regex(pattern);
  if (regex->ok()) return regex;
  call.fail("error parsing regexp: " + regex->error());
  return nullptr;
}

struct Match {
  std::vector<re2::StringPiece> groups;
};

// All matches that do not overlap, as Go finds them: an empty one right behind another is none.
std::vector<Match> find_all(re2::RE2 const& regex, std::string_view text, std::int64_t limit) {
  std::vector<Match> out;
  re2::StringPiece whole(text.data(), text.size());
  int groups = regex.NumberOfCapturingGroups() + 1;
  std::size_t at = 0;
  std::ptrdiff_t previous_end = -1;
  while (at <= text.size() && out.size() < kMaxMatches &&
         (limit < 0 || static_cast<std::int64_t>(out.size()) < limit)) {
    Match match;
    match.groups.resize(static_cast<std::size_t>(groups));
    if (!regex.Match(whole, at, text.size(), re2::RE2::UNANCHORED, match.groups.data(), groups)) {
      break;
    }
    std::ptrdiff_t from = match.groups[0].data() - text.data();
    std::ptrdiff_t to = from + static_cast<std::ptrdiff_t>(match.groups[0].size());
    bool accept = !(from == to && from == previous_end);
    if (to > static_cast<std::ptrdiff_t>(at)) {
      at = static_cast<std::size_t>(to);
    } else if (at < text.size()) {
      (void)next_rune(text, at);
    } else {
      ++at;
    }
    previous_end = to;
    if (accept) out.push_back(std::move(match));
  }
  return out;
}

std::string_view view(re2::StringPiece piece) { return {piece.data(), piece.size()}; }

Value regex_match(BuiltinCall& call) {
  if (!want_texts(call, 2)) return {};
  Regex regex = regex_of(call, call.text(0));
  if (!regex) return {};
  std::string_view text = call.text(1);
  return Value::boolean(re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex));
}

Value regex_is_valid(BuiltinCall& call) {
  if (!call[0].is(Kind::string)) return Value::boolean(false);
  return Value::boolean(call.context.cache->regex(call.text(0))->ok());
}

Value regex_find_n(BuiltinCall& call) {
  std::int64_t limit = 0;
  if (!want_texts(call, 2) || !call.want_int(2, limit)) return {};
  Regex regex = regex_of(call, call.text(0));
  if (!regex) return {};
  std::vector<Value> found;
  for (Match const& match : find_all(*regex, call.text(1), limit)) {
    found.push_back(Value::string(view(match.groups[0])));
  }
  return Value::array(std::move(found));
}

Value regex_find_submatches(BuiltinCall& call) {
  std::int64_t limit = 0;
  if (!want_texts(call, 2) || !call.want_int(2, limit)) return {};
  Regex regex = regex_of(call, call.text(0));
  if (!regex) return {};
  std::vector<Value> found;
  for (Match const& match : find_all(*regex, call.text(1), limit)) {
    std::vector<Value> groups;
    groups.reserve(match.groups.size());
    for (re2::StringPiece group : match.groups) groups.push_back(Value::string(view(group)));
    found.push_back(Value::array(std::move(groups)));
  }
  return Value::array(std::move(found));
}

Value regex_split(BuiltinCall& call) {
  if (!want_texts(call, 2)) return {};
  Regex regex = regex_of(call, call.text(0));
  if (!regex) return {};
  std::string_view text = call.text(1);
  std::vector<Value> parts;
  if (!call.text(0).empty() && text.empty()) return Value::array({Value::string("")});
  std::size_t from = 0;
  std::size_t start = 0;
  for (Match const& match : find_all(*regex, text, -1)) {
    start = static_cast<std::size_t>(match.groups[0].data() - text.data());
    std::size_t const end = start + match.groups[0].size();
    if (end > 0) parts.push_back(Value::string(text.substr(from, start - from)));
    from = end;
  }
  // A match that begins at the very end has closed the last part.
  if (start != text.size()) parts.push_back(Value::string(text.substr(from)));
  return Value::array(std::move(parts));
}

// Go's Expand: $1, ${1}, $name, $$.
void expand(std::string& out, std::string_view with, Match const& match, re2::RE2 const& regex) {
  auto group = [&](std::string_view name) {
    bool number =
        !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
    std::size_t at = match.groups.size();
    if (number && name.size() < 6) {
      at = static_cast<std::size_t>(std::atoi(std::string(name).c_str()));
    } else if (auto found = regex.NamedCapturingGroups().find(std::string(name));
               found != regex.NamedCapturingGroups().end()) {
      at = static_cast<std::size_t>(found->second);
    }
    if (at < match.groups.size()) out += view(match.groups[at]);
  };
  auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (std::size_t at = 0; at < with.size();) {
    if (with[at] != '$' || at + 1 >= with.size()) {
      out += with[at++];
      continue;
    }
    if (with[at + 1] == '$') {
      out += '$';
      at += 2;
      continue;
    }
    bool braces = with[at + 1] == '{';
    std::size_t from = at + (braces ? 2 : 1);
    std::size_t to = from;
    while (to < with.size() && is_name(with[to])) ++to;
    if (to == from || (braces && (to >= with.size() || with[to] != '}'))) {
      out += with[at++];
      continue;
    }
    group(with.substr(from, to - from));
    at = to + (braces ? 1 : 0);
  }
}

Value regex_replace(BuiltinCall& call) {
  if (!want_texts(call, 3)) return {};
  Regex regex = regex_of(call, call.text(1));
  if (!regex) return {};
  std::string_view text = call.text(0);
  std::string out;
  std::size_t at = 0;
  for (Match const& match : find_all(*regex, text, -1)) {
    std::size_t start = static_cast<std::size_t>(match.groups[0].data() - text.data());
    out += text.substr(at, start - at);
    expand(out, call.text(2), match, *regex);
    at = start + match.groups[0].size();
    if (out.size() > (64U << 20)) return call.fatal("the text is too long");
  }
  out += text.substr(at);
  return Value::string(out);
}

// `a{[a-z]+}b`: literal text with regular expressions between delimiters.
Value regex_template_match(BuiltinCall& call) {
  if (!want_texts(call, 4)) return {};
  if (rune_count(call.text(2)) != 1)
    return call.fail("start delimiter has to be exactly one character long but is " +
                     std::to_string(rune_count(call.text(2))) + " long");
  if (rune_count(call.text(3)) != 1)
    return call.fail("end delimiter has to be exactly one character long but is " +
                     std::to_string(rune_count(call.text(3))) + " long");
  std::string_view text = call.text(0);
  char open = call.text(2)[0];
  char close = call.text(3)[0];
  std::string pattern = "^";
  std::string literal;
  auto flush = [&] {
    pattern += re2::RE2::QuoteMeta(literal);
    literal.clear();
  };
  int depth = 0;
  for (char c : text) {
    if (c == open && depth++ == 0) {
      flush();
      pattern += "(";
    } else if (c == close && --depth == 0) {
      pattern += ")";
    } else if (depth < 0) {
      return call.fail("unbalanced braces in \"" + std::string(text) + "\"");
    } else if (depth > 0) {
      pattern += c;
    } else {
      literal += c;
    }
  }
  if (depth != 0) return call.fail("unbalanced braces in \"" + std::string(text) + "\"");
  flush();
  Regex regex = regex_of(call, pattern + "$");
  if (!regex) return {};
  std::string_view match = call.text(1);
  return Value::boolean(
      re2::RE2::PartialMatch(re2::StringPiece(match.data(), match.size()), *regex));
}

Value regex_globs_match(BuiltinCall& call) {
  if (!want_texts(call, 2)) return {};
  auto result = globs_intersect(call.text(0), call.text(1), call.context.interrupted);
  if (result.ok()) return Value::boolean(*result);
  auto const& error = result.error();
  return error.code == Code::timeout ? call.fatal(error.message) : call.fail(error.message);
}

constexpr Builtin kRegex[] = {
    {"regex.match", 2, regex_match},
    {"re_match", 2, regex_match},
    {"regex.is_valid", 1, regex_is_valid},
    {"regex.find_n", 3, regex_find_n},
    {"regex.find_all_string_submatch_n", 3, regex_find_submatches},
    {"regex.split", 2, regex_split},
    {"regex.replace", 3, regex_replace},
    {"regex.template_match", 4, regex_template_match},
    {"regex.globs_match", 2, regex_globs_match},
};

}  // namespace

std::shared_ptr<BuiltinCache> make_builtin_cache() { return std::make_shared<BuiltinCache>(); }

std::shared_ptr<const re2::RE2> BuiltinCache::regex(std::string_view pattern) {
  std::string key(pattern);
  if (auto found = find(key)) return found;
  auto compiled = compile_regex(pattern);
  keep(key, compiled);
  return compiled;
}

std::shared_ptr<const re2::RE2> BuiltinCache::find(std::string const& key) {
  std::shared_lock lock(mutex_);
  auto found = compiled_.find(key);
  return found == compiled_.end() ? nullptr : found->second;
}

void BuiltinCache::keep(std::string const& key, std::shared_ptr<const re2::RE2> const& compiled) {
  std::unique_lock lock(mutex_);
  if (compiled_.size() < kMaxCached) compiled_.try_emplace(key, compiled);
}

std::span<const Builtin> regex_builtins() { return kRegex; }

}  // namespace aw::rego

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "core/rego/builtin.h"
#include "core/rego/parser_impl.h"
#include "core/rego/yaml.h"

namespace aw::rego {
namespace {

constexpr std::array<std::string_view, 17> kKeywords = {
    "as",  "contains", "default", "else", "every", "false", "if",  "import", "in",
    "not", "null",     "package", "some", "true",  "with",  "and", "or"};

Body true_body(Place place) {
  Expr expr;
  expr.generated = true;
  expr.place = place;
  expr.term = make_constant(Value::boolean(true), place);
  Body body;
  body.push_back(std::move(expr));
  return body;
}

bool ground(TermPtr const& term) {
  if (term->kind == TermKind::constant) return true;
  bool collection = term->kind == TermKind::array || term->kind == TermKind::object ||
                    term->kind == TermKind::set;
  return collection && std::ranges::all_of(term->items, ground);
}

std::string_view term_name(TermKind kind) {
  switch (kind) {
    case TermKind::var:
      return "var";
    case TermKind::ref:
      return "ref";
    case TermKind::call:
      return "call";
    case TermKind::array:
      return "array";
    case TermKind::object:
      return "object";
    case TermKind::set:
      return "set";
    default:
      return "term";
  }
}

// What stands in a term, outside of comprehensions, that has to be looked up; or empty.
std::string_view looked_up(Term const& term) {
  bool found =
      term.kind == TermKind::var || term.kind == TermKind::ref || term.kind == TermKind::call;
  if (found) return term_name(term.kind);
  if (term.body) return {};
  for (TermPtr const& item : term.items) {
    if (std::string_view inner = looked_up(*item); !inner.empty()) return inner;
  }
  return {};
}

// `authors: [Jane <jane@x>]` becomes a list of name and e-mail.
Value with_authors(Value const& metadata) {
  Value const* authors = metadata.find("authors");
  if (authors == nullptr) return metadata;
  std::vector<Value> out;
  for (Value const& author : authors->items()) {
    if (!author.is(Kind::string)) {
      out.push_back(author);
      continue;
    }
    std::string text(author.as_string());
    std::string mail;
    if (std::size_t open = text.find('<'); open != std::string::npos && text.ends_with('>')) {
      mail = text.substr(open + 1, text.size() - open - 2);
      text.resize(open);
    }
    while (text.ends_with(' ')) text.pop_back();
    std::vector<Entry> entries = {{Value::string("name"), Value::string(text)}};
    if (!mail.empty()) entries.push_back({Value::string("email"), Value::string(mail)});
    out.push_back(Value::object(std::move(entries)));
  }
  return merge(metadata, Value::object({{"authors", Value::array(std::move(out))}}));
}

}  // namespace

Parser::Parser(std::string_view text, std::uint32_t file)
    : text_(text), file_(file), tokens_(tokenize(text, file)), stream_(&tokens_.tokens) {
  budget_ = 4096 + tokens_.tokens.size() * 64;
}

Token const& Parser::peek(std::size_t ahead) const {
  return (*stream_)[std::min(at_ + ahead, stream_->size() - 1)];
}

Token const& Parser::take() {
  Token const& token = peek();
  last_ = at_;
  if (at_ + 1 < stream_->size()) ++at_;
  if (budget_ == 0) {
    fail(token.place, "too ambiguous to parse");
  } else {
    --budget_;
  }
  return token;
}

bool Parser::at_symbol(std::string_view text) const {
  return peek().kind == Tok::symbol && peek().text == text;
}

bool Parser::at_word(std::string_view text) const {
  return peek().kind == Tok::word && peek().text == text && !names_ref();
}

bool Parser::names_ref() const {
  Token const& next = peek(1);
  return next.kind == Tok::symbol && !next.spaced && (next.text == "." || next.text == "[");
}

bool Parser::is_keyword(std::string_view word) const {
  if (word == "and") return keywords_.logical_and;
  if (word == "or") return keywords_.logical_or;
  return std::ranges::find(kKeywords, word) != kKeywords.end();
}

bool Parser::skip_symbol(std::string_view text) {
  if (!at_symbol(text)) return false;
  take();
  return true;
}

bool Parser::expect_symbol(std::string_view text) {
  if (skip_symbol(text)) return !failed_ || budget_ > 0;
  unexpected("\"" + std::string(text) + "\"");
  return false;
}

void Parser::rewind(Mark mark) {
  at_ = mark.at;
  last_ = mark.last;
  if (budget_ > 0) {
    failed_ = false;
    fault = Fault{};
  }
}

bool Parser::on_new_line() const {
  return peek().kind == Tok::end || peek().place.line > (*stream_)[last_].place.line;
}

Place Parser::span(Place from) const {
  from.end = std::max(from.end, (*stream_)[last_].place.end);
  return from;
}

std::nullptr_t Parser::fail(Place place, std::string message, std::string hint) {
  if (!failed_) {
    failed_ = true;
    fault.place = place;
    fault.message = std::move(message);
    fault.hint = std::move(hint);
  }
  return nullptr;
}

std::nullptr_t Parser::unexpected(std::string_view wanted) {
  Token const& token = peek();
  if (token.kind == Tok::bad) return fail(token.place, token.value);
  std::string what = "unexpected ";
  if (token.kind == Tok::end) {
    what += "end of file";
  } else if (token.kind == Tok::word) {
    what += is_keyword(token.text) ? std::string(token.text) + " keyword" : "identifier token";
  } else if (token.kind == Tok::symbol) {
    what += std::string(token.text) + " token";
  } else {
    what += token.kind == Tok::number ? "number token" : "string token";
  }
  if (!wanted.empty()) what += ": expected " + std::string(wanted);
  return fail(token.place, what);
}

bool Parser::module(Module& out) {
  out.file = file_;
  if (peek().kind == Tok::end) {
    fail(peek().place, "empty module");
    return false;
  }
  if (!package(out)) return false;
  while (peek().kind != Tok::end) {
    bool ok = at_word("import") ? import(out) : rule(out);
    if (!ok || failed_) return false;
  }
  annotations(out);
  return !failed_;
}

bool Parser::query(Body& out) {
  if (peek().kind == Tok::end) {
    fail(peek().place, "empty query");
    return false;
  }
  return statements(out, "") && !failed_;
}

TermPtr Parser::value() {
  TermPtr term = infix(Commas::separator);
  if (!term) return nullptr;
  if (peek().kind != Tok::end) return unexpected();
  return term;
}

bool Parser::path(std::vector<std::string>& out) {
  if (peek().kind != Tok::word) {
    unexpected("a path");
    return false;
  }
  out.emplace_back(take().text);
  while (!peek().spaced) {
    if (skip_symbol(".")) {
      if (peek().kind != Tok::word) {
        unexpected("an identifier");
        return false;
      }
      out.emplace_back(take().text);
    } else if (skip_symbol("[")) {
      if (peek().kind != Tok::string) {
        unexpected("a string");
        return false;
      }
      out.push_back(take().value);
      if (!expect_symbol("]")) return false;
    } else {
      break;
    }
  }
  return true;
}

bool Parser::package(Module& out) {
  if (!at_word("package")) {
    fail(peek().place, "package expected", "the first statement of a module is `package name`");
    return false;
  }
  Place start = take().place;
  if (!path(out.package)) return false;
  out.place = span(start);
  return true;
}

bool Parser::import(Module& out) {
  Import import;
  Place start = take().place;
  if (!path(import.path)) return false;
  if (at_word("as")) {
    take();
    if (peek().kind != Tok::word) {
      unexpected("an alias");
      return false;
    }
    import.alias = take().text;
    if (import.alias == "data" || import.alias == "input") {
      fail(import.place,
           "unexpected import alias, must not be a reserved name, got: " + import.alias);
      return false;
    }
  }
  import.place = span(start);
  std::string const& root = import.path.front();
  if (root == "future" || root == "rego") {
    out.keywords.push_back(import);
    return import_keywords(import);
  }
  if (root != "data" && root != "input") {
    fail(start,
         "unexpected import path, must begin with one of: {data, future, input, rego}, got: " +
             root);
    return false;
  }
  out.imports.push_back(std::move(import));
  return true;
}

bool Parser::import_keywords(Import const& import) {
  auto const& path = import.path;
  if (path.front() == "rego") {
    bool known = path.size() == 2 && (path[1] == "v1" || path[1] == "v2");
    if (!known) {
      fail(import.place, "invalid import, must be `rego.v1` or `rego.v2`");
    } else if (path[1] == "v2") {
      keywords_ = {.logical_and = true, .logical_or = true, .not_body = true};
    }
    return known;
  }
  constexpr std::array<std::string_view, 7> kFuture = {"in",  "every", "if", "contains",
                                                       "and", "or",    "not"};
  bool all = path.size() == 2 && path[1] == "keywords";
  bool one = path.size() == 3 && path[1] == "keywords" &&
             std::ranges::find(kFuture, path[2]) != kFuture.end();
  if (!all && !one) {
    fail(import.place,
         path.size() < 2 || path[1] != "keywords"
             ? "invalid import, must be `future.keywords`"
             : "unexpected keyword, must be one of [and contains every if in not or]");
    return false;
  }
  keywords_.logical_and |= all || path[2] == "and";
  keywords_.logical_or |= all || path[2] == "or";
  keywords_.not_body |= all || path[2] == "not";
  return true;
}

bool Parser::rule(Module& out) {
  Rule rule;
  Place start = peek().place;
  rule.is_default = at_word("default");
  if (rule.is_default) take();
  bool contains = false;
  if (!rule_head(rule, contains)) return false;
  rule.head.place = span(start);
  if (rule.is_default) {
    if (contains) return fail(start, "default rules cannot be multi-value"), false;
    if (!rule.head.value) rule.head.value = make_constant(Value::boolean(true), start);
    if (!default_allowed(rule.head)) return false;
    rule.body = true_body(start);
    rule.place = span(start);
    out.rules.push_back(std::move(rule));
    return true;
  }
  if (!rule_body(rule, rule.head, contains)) return false;
  rule.place = span(start);
  Head const head = rule.head;
  bool chained = rule.otherwise == nullptr;
  out.rules.push_back(std::move(rule));
  while (chained && at_symbol("{")) {
    Rule next;
    next.head = head;
    for (TermPtr& term : next.head.ref) term = clone(term);
    for (TermPtr& term : next.head.args) term = clone(term);
    next.head.key = clone(head.key);
    next.head.value = clone(head.value);
    Place at = take().place;
    if (!body(next.body, "}")) return false;
    next.place = span(at);
    out.rules.push_back(std::move(next));
  }
  return true;
}

// A default's value holds nothing to look up, and its arguments are plain names.
bool Parser::default_allowed(Head const& head) {
  std::string_view found = looked_up(*head.value);
  if (!found.empty()) {
    fail(head.value->place,
         "illegal default rule (value cannot contain " + std::string(found) + ")");
    return false;
  }
  std::vector<std::string> seen;
  for (TermPtr const& arg : head.args) {
    if (!is_var(arg)) {
      std::string what = arg->kind == TermKind::constant ? std::string(kind_name(arg->value.kind()))
                                                         : std::string(term_name(arg->kind));
      fail(arg->place, "illegal default rule (arguments cannot contain " + what + ")");
      return false;
    }
    if (!is_wildcard(arg->name) && std::ranges::find(seen, arg->name) != seen.end()) {
      fail(arg->place, "illegal default rule (arguments cannot be repeated " + arg->name + ")");
      return false;
    }
    seen.push_back(arg->name);
  }
  return true;
}

bool Parser::rule_head(Rule& out, bool& contains) {
  Head& head = out.head;
  Token const& name = peek();
  bool keyword = name.kind == Tok::word && is_keyword(name.text) && !names_ref();
  if (name.kind != Tok::word || keyword) {
    if (keyword) {
      fail(name.place, std::string(name.text) + " keyword cannot be used for rule name");
    } else {
      unexpected("a rule");
    }
    return false;
  }
  Place start = name.place;
  take();
  TermPtr term = finish(make_var(name.text == "_" ? wildcard() : std::string(name.text), start));
  if (!term) return false;
  head.function = term->kind == TermKind::call;
  if (head.function) {
    head.args.assign(term->items.begin() + 1, term->items.end());
    term = term->items[0];
  }
  if (is_var(term)) {
    head.ref = {term};
  } else {
    head.ref = term->items;
  }
  if (!is_var(head.ref[0])) {
    fail(start, "rule head ref must begin with a name");
    return false;
  }
  contains = at_word("contains");
  if (contains) {
    if (head.function) {
      fail(peek().place, "the contains keyword can only be used with multi-value rule definitions");
      return false;
    }
    take();
    head.key = infix(Commas::term);
    return head.key != nullptr;
  }
  head.assigned = at_symbol(":=");
  if (head.assigned || at_symbol("=")) {
    take();
    head.value = infix(Commas::term);
    return head.value != nullptr;
  }
  return true;
}

// A `{` after `if` opens a body, unless what it opens reads as one literal that is no set.
bool Parser::if_body(Body& out) {
  bool brace = at_symbol("{");
  Mark before = mark();
  Expr expr;
  if (statement(expr)) {
    bool set_literal =
        brace && expr.kind == ExprKind::term && !expr.negated && expr.term->kind == TermKind::set;
    bool ends = peek().kind == Tok::end || on_new_line() || at_symbol("}") || at_word("else");
    if (!set_literal && (ends || !brace)) {
      out.push_back(std::move(expr));
      return true;
    }
  }
  if (!brace) return false;
  rewind(before);
  take();
  return body(out, "}");
}

bool Parser::rule_body(Rule& out, Head const& head, bool contains) {
  bool has_if = at_word("if");
  bool valued = out.head.value != nullptr;
  if (has_if) {
    take();
    if (!if_body(out.body)) return false;
  } else if (at_symbol("{")) {
    fail(peek().place, "`if` keyword is required before rule body");
    return false;
  } else {
    bool call_only = head.function && !contains && !valued;
    if (!contains && !valued && !call_only) {
      bool set_like = head.ref.size() > 1 && !head.function;
      fail(out.head.ref[0]->place,
           set_like ? "`contains` keyword is required for partial set rules"
                    : "var cannot be used for rule name",
           set_like ? "write `name contains value`" : "a rule needs a value or a body");
      return false;
    }
    out.body = true_body(out.head.ref[0]->place);
  }
  if (!contains && !valued) {
    out.head.value = make_constant(Value::boolean(true), out.head.ref[0]->place);
  }
  if (!at_word("else")) return true;
  if (!has_if) {
    fail(peek().place, "unexpected else keyword");
    return false;
  }
  if (contains) {
    fail(peek().place, "else keyword cannot be used on multi-value rules");
    return false;
  }
  bool fixed = std::all_of(head.ref.begin() + 1, head.ref.end(), ground);
  if (!fixed) {
    fail(peek().place, "else keyword cannot be used on rules with variables in head");
    return false;
  }
  out.otherwise = std::make_unique<Rule>();
  return else_rule(*out.otherwise, out.head);
}

bool Parser::else_rule(Rule& out, Head const& head) {
  Nesting nesting(*this);
  if (!nesting) return false;
  Place start = take().place;
  out.head = head;
  for (TermPtr& term : out.head.ref) term = clone(term);
  for (TermPtr& term : out.head.args) {
    term = clone(term);
    if (is_var(term) && is_wildcard(term->name)) term->name = wildcard();
  }
  out.head.place = start;
  if (at_symbol(":=") || at_symbol("=")) {
    take();
    out.head.value = infix(Commas::term);
    if (!out.head.value) return false;
  } else {
    out.head.value = make_constant(Value::boolean(true), start);
  }
  if (at_word("if")) {
    take();
    if (!if_body(out.body)) return false;
  } else if (at_symbol("{")) {
    fail(peek().place, "`if` keyword is required before rule body");
    return false;
  } else {
    out.body = true_body(start);
  }
  out.place = span(start);
  if (!at_word("else")) return true;
  out.otherwise = std::make_unique<Rule>();
  return else_rule(*out.otherwise, head);
}

bool Parser::annotation_allowed(Annotation const& annotation, Module const& module) {
  std::string_view scope = annotation.scope;
  bool of_package = scope == "package" || scope == "subpackages";
  if (!scope.empty() && !of_package && scope != "rule" && scope != "document") {
    fail(annotation.place, "invalid annotation scope '" + annotation.scope +
                               "'. Use one of 'rule', 'document', 'package', 'subpackages'");
    return false;
  }
  if (of_package && module.place.line < annotation.place.end) {
    fail(annotation.place,
         "annotation scope '" + annotation.scope + "' must be applied to package (have rule)");
    return false;
  }
  return true;
}

// Comment blocks that start with METADATA hold YAML about the statement below them.
void Parser::annotations(Module& out) {
  auto const& comments = tokens_.comments;
  for (std::size_t i = 0; i < comments.size(); ++i) {
    std::string_view title = comments[i].text;
    while (title.starts_with(' ')) title.remove_prefix(1);
    while (title.ends_with(' ')) title.remove_suffix(1);
    if (title != "METADATA") continue;
    Annotation annotation;
    annotation.place = comments[i].place;
    std::string yaml;
    std::uint32_t line = comments[i].place.line;
    while (i + 1 < comments.size() && comments[i + 1].place.line == line + 1 &&
           comments[i + 1].place.column == annotation.place.column) {
      yaml += std::string(comments[++i].text) + "\n";
      ++line;
    }
    auto parsed = parse_yaml(yaml);
    if (!parsed.ok() || !parsed->is(Kind::object)) {
      fail(annotation.place,
           "invalid metadata: " + (parsed.ok() ? "not a mapping" : parsed.error().message));
      return;
    }
    annotation.value = with_authors(*parsed);
    annotation.scope = parsed->get("scope").as_string();
    annotation.place.end = line;  // the last line of the block
    if (!annotation_allowed(annotation, out)) return;
    out.annotations.push_back(std::move(annotation));
  }
}

bool parse_module(std::string_view text, std::uint32_t file, Module& out, Fault& fault) {
  Parser parser(text, file);
  bool ok = parser.module(out);
  if (!ok) fault = parser.fault;
  return ok;
}

bool parse_query(std::string_view text, std::uint32_t file, Body& out, Fault& fault) {
  Parser parser(text, file);
  bool ok = parser.query(out);
  if (!ok) fault = parser.fault;
  return ok;
}

namespace {

Value ground_value(Term const& term) {
  std::vector<Value> items;
  if (term.kind == TermKind::constant) return term.value;
  for (TermPtr const& item : term.items) {
    items.push_back(ground_value(*item));
    if (!items.back().defined()) return {};
  }
  if (term.kind == TermKind::array) return Value::array(std::move(items));
  if (term.kind == TermKind::set) return Value::set(std::move(items));
  if (term.kind != TermKind::object) return {};
  std::vector<Entry> entries;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) entries.push_back({items[i], items[i + 1]});
  return Value::object(std::move(entries));
}

}  // namespace

Result<Value> parse_value(std::string_view text) {
  Parser parser(text, 0);
  TermPtr term = parser.value();
  if (!term) return make_error(Code::policy_data, "term: " + parser.fault.message);
  Value value = ground_value(*term);
  if (!value.defined()) return make_error(Code::policy_data, "term is not ground");
  return value;
}

}  // namespace aw::rego

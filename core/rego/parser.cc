// SPDX-License-Identifier: Apache-2.0
// The parser's cursor, and what can be asked of it.
#include "core/rego/parser.h"

#include <algorithm>
#include <array>

#include "core/rego/parser_impl.h"

namespace aw::rego {
namespace {

constexpr std::array<std::string_view, 17> kKeywords = {
    "as",  "contains", "default", "else", "every", "false", "if",  "import", "in",
    "not", "null",     "package", "some", "true",  "with",  "and", "or"};

}  // namespace

Parser::Parser(std::string_view text, std::uint32_t file)
    : text_(text),
      file_(file),
      tokens_(tokenize(text, file)),
      stream_(&tokens_.tokens),
      budget_(4096 + tokens_.tokens.size() * 64) {}

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

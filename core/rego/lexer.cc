// SPDX-License-Identifier: Apache-2.0
#include "core/rego/lexer.h"

#include "core/rego/ascii.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

constexpr int kMaxTemplateDepth = 16;

bool is_word_start(char c) { return is_alpha(c) || c == '_'; }
bool is_word(char c) { return is_word_start(c) || is_digit(c); }

class Lexer {
 public:
  // Some editors' files begin with a byte order mark, which is no part of the text (OPA passes over
  // it too).
  Lexer(std::string_view text, std::uint32_t file) : text_(text), file_(file) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (text.starts_with(kMark)) at_ = line_start_ = kMark.size();
  }

  Tokens run() {
    Tokens out;
    lex_until('\0', out.tokens, 0);
    out.comments = std::move(comments_);
    return out;
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }

  void advance() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  [[nodiscard]] Place here() const {
    return {.file = file_,
            .line = line_,
            .column = static_cast<std::uint32_t>(at_ - line_start_) + 1,
            .offset = static_cast<std::uint32_t>(at_),
            .end = static_cast<std::uint32_t>(at_)};
  }

  // Up to the closing brace of a template expression, or to the end of the text.
  void lex_until(char closing, std::vector<Token>& out, int depth) {
    int braces = 0;
    while (true) {
      bool spaced = skip_space();
      if (closing != '\0' && braces == 0 && peek() == closing) break;
      if (done()) break;
      Token token = next(depth);
      token.spaced = spaced;
      if (token.kind == Tok::symbol && token.text == "{") ++braces;
      if (token.kind == Tok::symbol && token.text == "}") --braces;
      bool bad = token.kind == Tok::bad;
      out.push_back(std::move(token));
      if (bad) break;
    }
    Token end;
    end.place = here();
    end.spaced = true;
    out.push_back(std::move(end));
  }

  bool skip_space() {
    std::size_t from = at_;
    while (!done()) {
      char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        advance();
      } else if (c == '#') {
        Place place = here();
        std::size_t start = at_ + 1;
        while (!done() && peek() != '\n') advance();
        std::string_view text = text_.substr(start, at_ - start);
        if (text.ends_with('\r')) text.remove_suffix(1);
        comments_.push_back({place, text});
      } else {
        break;
      }
    }
    return at_ > from;
  }

  Token next(int depth) {
    Token token;
    token.place = here();
    char c = peek();
    if (is_word_start(c)) {
      while (!done() && is_word(peek())) advance();
      finish(token, Tok::word);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      lex_number(token);
    } else if (c == '"') {
      lex_string(token);
    } else if (c == '`') {
      lex_raw(token);
    } else if (c == '$' && (peek(1) == '"' || peek(1) == '`')) {
      advance();
      lex_template(token, depth);
    } else {
      lex_symbol(token);
    }
    return token;
  }

  void finish(Token& token, Tok kind) {
    token.kind = kind;
    token.place.end = static_cast<std::uint32_t>(at_);
    token.text = text_.substr(token.place.offset, at_ - token.place.offset);
  }

  void bad(Token& token, std::string what) {
    finish(token, Tok::bad);
    token.value = std::move(what);
  }

  void lex_number(Token& token) {
    while (!done() && is_digit(peek())) advance();
    if (peek() == '.' && is_digit(peek(1))) {
      advance();
      while (!done() && is_digit(peek())) advance();
    }
    if (peek() == 'e' || peek() == 'E') {
      std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
      if (is_digit(peek(sign))) {
        for (std::size_t i = 0; i < sign; ++i) advance();
        while (!done() && is_digit(peek())) advance();
      }
    }
    if (!done() && is_word(peek())) {
      advance();
      return bad(token, "illegal number format");
    }
    finish(token, Tok::number);
    bool leading_zero = token.text.size() > 1 && token.text[0] == '0' && is_digit(token.text[1]);
    if (leading_zero) bad(token, "expected number without leading zero");
  }

  void lex_raw(Token& token) {
    advance();
    std::size_t from = at_;
    while (!done() && peek() != '`') advance();
    if (done()) return bad(token, "non-terminated string");
    token.value = text_.substr(from, at_ - from);
    advance();
    finish(token, Tok::string);
  }

  void lex_string(Token& token) {
    advance();
    std::string out;
    while (!done() && peek() != '"') {
      if (!lex_character(out, '\0')) return bad(token, problem_);
    }
    if (done()) return bad(token, "non-terminated string");
    advance();
    finish(token, Tok::string);
    token.value = std::move(out);
  }

  // One character of a double-quoted string; `also` is a further character that may be escaped.
  bool lex_character(std::string& out, char also) {
    char c = peek();
    if (c == '\n') return fail("non-terminated string");
    if (c != '\\') {
      if (static_cast<unsigned char>(c) < 0x80) {
        out += c;
        advance();
      } else {
        append_utf8(out, next_rune(text_, at_));
      }
      return true;
    }
    advance();
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
    char escaped = peek();
    if (done() || escaped == '\n') return fail("non-terminated string");
    advance();
    if (auto known = kNames.find(escaped); known != std::string_view::npos) {
      out += kBytes[known];
      return true;
    }
    if (also != '\0' && escaped == also) {
      out += also;
      return true;
    }
    return escaped == 'u' ? lex_unicode(out) : fail("illegal escape sequence");
  }

  bool lex_unicode(std::string& out) {
    Rune unit = 0;
    if (!lex_unit(unit)) return false;
    if (unit >= 0xD800 && unit < 0xDC00 && peek() == '\\' && peek(1) == 'u') {
      advance();
      advance();
      Rune low = 0;
      if (!lex_unit(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        append_utf8(out, 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00));
        return true;
      }
      append_utf8(out, unit);
      unit = low;
    }
    append_utf8(out, unit);
    return true;
  }

  bool lex_unit(Rune& unit) {
    for (int i = 0; i < 4; ++i) {
      char c = peek();
      char lower = static_cast<char>(c | 0x20);
      if (is_digit(c)) {
        unit = unit * 16 + static_cast<Rune>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        unit = unit * 16 + static_cast<Rune>(lower - 'a' + 10);
      } else {
        return fail("illegal escape sequence");
      }
      advance();
    }
    return true;
  }

  void lex_template(Token& token, int depth) {
    if (depth >= kMaxTemplateDepth) return bad(token, "template strings nested too deeply");
    char quote = peek();
    bool raw = quote == '`';
    advance();
    TemplatePart part;
    while (!done() && peek() != quote) {
      if (peek() == '{') {
        advance();
        if (!part.text.empty()) token.parts.push_back(std::move(part));
        TemplatePart expression;
        expression.is_text = false;
        lex_until('}', expression.tokens, depth + 1);
        if (peek() != '}') return bad(token, "expected } to end template string expression");
        advance();
        token.parts.push_back(std::move(expression));
        part = TemplatePart{};
      } else if (raw && peek() == '\\' && peek(1) == '{') {
        advance();
        part.text += '{';
        advance();
      } else if (raw) {
        part.text += peek();
        advance();
      } else if (!lex_character(part.text, '{')) {
        return bad(token, problem_);
      }
    }
    if (done()) return bad(token, "non-terminated string");
    if (!part.text.empty()) token.parts.push_back(std::move(part));
    advance();
    finish(token, Tok::text_template);
  }

  void lex_symbol(Token& token) {
    constexpr std::string_view kTwo[] = {":=", "==", "!=", "<=", ">="};
    for (std::string_view two : kTwo) {
      if (text_.substr(at_, 2) == two) {
        advance();
        advance();
        return finish(token, Tok::symbol);
      }
    }
    char c = peek();
    if (std::string_view("{}[]().,;:=<>+-*/%&|").contains(c)) {
      advance();
      return finish(token, Tok::symbol);
    }
    advance();
    bad(token, "illegal token");
  }

  bool fail(std::string_view what) {
    problem_ = what;
    return false;
  }

  std::string_view text_;
  std::uint32_t file_ = 0;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::size_t line_start_ = 0;
  std::string problem_;
  std::vector<Comment> comments_;
};

}  // namespace

Tokens tokenize(std::string_view text, std::uint32_t file) { return Lexer(text, file).run(); }

}  // namespace aw::rego

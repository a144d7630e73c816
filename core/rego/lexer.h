// SPDX-License-Identifier: Apache-2.0
// Rego text into tokens. Pure; every fault becomes a token of kind `bad`, which the parser reports.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/rego/ast.h"

namespace aw::rego {

// `text_template`: $"…{expression}…"; `symbol`: one of ":=", "==", "{" and the like.
enum class Tok : std::uint8_t { end, word, number, string, text_template, symbol, bad };

struct TemplatePart;

// What one is depends on the kind: `text` is the source of all but `end`, `parts` are only a
// template's.
struct Token {
  Tok kind = Tok::end;
  Place place;
  bool spaced = false;    // white space or a comment stands before it
  std::string_view text;  // of words, numbers and symbols: a view of the source
  std::string value;      // of strings; of bad tokens what is wrong
  std::vector<TemplatePart> parts;
};

struct TemplatePart {
  std::string text;           // literal text, or …
  std::vector<Token> tokens;  // … an expression, closed by a token of kind `end`
  bool is_text = true;
};

struct Comment {
  Place place;
  std::string_view text;  // without '#'
};

// Behind a bad token comes `end`: the first fault ends the work.
struct Tokens {
  std::vector<Token> tokens;  // the last one is `end`
  std::vector<Comment> comments;
};

// `text` must outlive the tokens.
// `file` goes into the places. Templates nest at most 16 deep.
[[nodiscard]] Tokens tokenize(std::string_view text, std::uint32_t file);

}  // namespace aw::rego

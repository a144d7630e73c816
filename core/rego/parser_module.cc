// SPDX-License-Identifier: Apache-2.0
// What stands around the rules of a module: its package, imports and annotations.
#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/rego/parser_impl.h"
#include "core/rego/yaml.h"

namespace aw::rego {
namespace {

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
    if (!import.alias.empty()) {
      fail(import.place, "`" + root + "` imports cannot be aliased");
      return false;
    }
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

bool Parser::annotation_allowed(Annotation const& annotation, Module const& module) {
  std::string_view scope = annotation.scope;
  bool of_package = scope == "package" || scope == "subpackages";
  if (!scope.empty() && !of_package && scope != "rule" && scope != "document") {
    fail(annotation.place, "invalid annotation scope '" + annotation.scope +
                               "'. Use one of 'rule', 'document', 'package', 'subpackages'");
    return false;
  }
  bool const may_be_entrypoint = scope != "rule" && scope != "subpackages";
  if (!may_be_entrypoint && annotation.value.get("entrypoint").is_true()) {
    fail(annotation.place, "annotation entrypoint applied to non-document or package scope '" +
                               annotation.scope + "'");
    return false;
  }
  bool const followed = module.place.line > annotation.place.end ||
                        std::ranges::any_of(module.rules, [&](Rule const& rule) {
                          return rule.place.line > annotation.place.end;
                        });
  if (!of_package && !followed) {
    fail(annotation.place, "annotation scope '" + std::string(scope.empty() ? "rule" : scope) +
                               "' must be applied to rule");
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
    if (text::trim(comments[i].text) != "METADATA") continue;
    Annotation annotation;
    annotation.place = comments[i].place;
    std::string yaml;
    std::uint32_t line = comments[i].place.line;
    while (i + 1 < comments.size() && comments[i + 1].place.line == line + 1 &&
           comments[i + 1].place.column == annotation.place.column &&
           text::trim(comments[i + 1].text) != "METADATA") {
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

}  // namespace aw::rego

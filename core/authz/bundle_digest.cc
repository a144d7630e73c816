// SPDX-License-Identifier: Apache-2.0
// OPA hashes documents (data.json, data.yaml, .manifest) by their meaning: as JSON without spaces,
// members in order of their names, so that another writer's layout does not matter.
#include <algorithm>
#include <vector>

#include "core/authz/bundle_signature.h"
#include "core/authz/data_files.h"
#include "core/rego/value.h"
#include "core/tls/digest.h"

namespace aw::authz {
namespace {

using rego::Kind;
using rego::Value;

bool is_document(std::string_view name) {
  auto const file = name.substr(name.rfind('/') + 1);
  return file == "data.json" || file == "data.yaml" || file == "data.yml" || file == kManifestFile;
}

// As Go's encoding/json writes text without its escapes for HTML.
void append_go_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kLineSeparator = "\xE2\x80\xA8";
  constexpr std::string_view kParagraphSeparator = "\xE2\x80\xA9";
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    auto const rest = text.substr(i);
    constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetter = "\"\\bfnrt";
    if (auto const at = kShort.find(c); at != std::string_view::npos) {
      out += '\\';
      out += kLetter[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 0xFU];
    } else if (rest.starts_with(kLineSeparator) || rest.starts_with(kParagraphSeparator)) {
      out += rest.starts_with(kLineSeparator) ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_canonical(std::string& out, Value const& value) {
  if (value.is(Kind::string)) return append_go_string(out, value.as_string());
  if (value.is(Kind::array)) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append_canonical(out, value.items()[i]);
    }
    out += ']';
    return;
  }
  if (!value.is(Kind::object)) {
    out += value.to_json();
    return;
  }
  std::vector<rego::Entry> entries(value.entries().begin(), value.entries().end());
  std::ranges::sort(
      entries, [](auto const& a, auto const& b) { return a.key.as_string() < b.key.as_string(); });
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += ',';
    append_go_string(out, entries[i].key.as_string());
    out += ':';
    append_canonical(out, entries[i].value);
  }
  out += '}';
}

}  // namespace

Result<std::string> bundle_digest(BundleFile const& file) {
  if (!is_document(file.name)) return tls::sha256_hex(file.bytes);
  Value document;
  if (file.name.ends_with(".yaml") || file.name.ends_with(".yml")) {
    AW_TRY(document, parse_data_file(file.name, file.bytes));
  } else {
    AW_TRY(document, with_context(rego::parse_json(file.bytes), file.name));
  }
  std::string canonical;
  append_canonical(canonical, document);
  return tls::sha256_hex(canonical);
}

}  // namespace aw::authz

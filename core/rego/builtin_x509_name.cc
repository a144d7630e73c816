// SPDX-License-Identifier: Apache-2.0
// Distinguished names, as Go's pkix.Name.
#include <array>

#include "core/base/text.h"
#include "core/rego/builtin_x509_value.h"
#include "core/rego/der.h"

namespace aw::rego {
namespace {

struct NamePart {
  std::uint64_t last;  // of 2.5.4.x
  std::string_view member;
};
constexpr std::array kNameLists = {
    NamePart{6, "Country"},     NamePart{10, "Organization"}, NamePart{11, "OrganizationalUnit"},
    NamePart{7, "Locality"},    NamePart{8, "Province"},      NamePart{9, "StreetAddress"},
    NamePart{17, "PostalCode"},
};

Error bad_name() { return make_error(Code::policy_builtin, "x509: invalid name"); }

struct NameParts {
  std::array<std::vector<Value>, kNameLists.size()> lists;
  std::string common_name;
  std::string serial_number;
  std::vector<Value> all;

  void add(std::vector<std::uint64_t> const& id, std::string const& text) {
    bool attribute = id.size() == 4 && id[0] == 2 && id[1] == 5 && id[2] == 4;
    if (!attribute) return;
    if (id[3] == 3) common_name = text;
    if (id[3] == 5) serial_number = text;
    for (std::size_t i = 0; i < kNameLists.size(); ++i) {
      if (kNameLists[i].last == id[3]) lists[i].push_back(Value::string(text));
    }
  }
};

Result<void> read_attribute(std::string_view bytes, NameParts& parts) {
  DerReader fields(bytes);
  std::string_view type;
  DerElement value;
  if (!fields.take(der::kObjectId, type) || !fields.next(value)) return bad_name();
  auto id = object_id(type);
  auto text = der_text(value);
  if (!id || !text) return bad_name();
  parts.all.push_back(
      Value::object({{"Type", object_id_value(type)}, {"Value", Value::string(*text)}}));
  parts.add(*id, *text);
  return {};
}

Value list_or_null(std::vector<Value> items) {
  return items.empty() ? Value::null() : Value::array(std::move(items));
}

}  // namespace

Value object_id_value(std::string_view body) {
  std::vector<Value> parts;
  for (std::uint64_t part : object_id(body).value_or(std::vector<std::uint64_t>{})) {
    parts.push_back(Value::number_text(std::to_string(part)));
  }
  return Value::array(std::move(parts));
}

Value base64_value(std::string_view bytes) { return Value::string(text::to_base64(bytes)); }

Result<Value> name_value(std::string_view der) {
  DerReader outer(der);
  std::string_view sequence;
  if (!outer.take(der::kSequence, sequence)) return bad_name();
  NameParts parts;
  for (DerReader sets(sequence); !sets.empty();) {
    std::string_view set;
    if (!sets.take(der::kSet, set)) return bad_name();
    for (DerReader attributes(set); !attributes.empty();) {
      std::string_view attribute;
      if (!attributes.take(der::kSequence, attribute)) return bad_name();
      AW_TRY(read_attribute(attribute, parts));
    }
  }
  std::vector<Entry> members = {{Value::string("CommonName"), Value::string(parts.common_name)},
                                {Value::string("SerialNumber"), Value::string(parts.serial_number)},
                                {Value::string("Names"), list_or_null(std::move(parts.all))},
                                {Value::string("ExtraNames"), Value::null()}};
  for (std::size_t i = 0; i < kNameLists.size(); ++i) {
    members.push_back(
        {Value::string(kNameLists[i].member), list_or_null(std::move(parts.lists[i]))});
  }
  return Value::object(std::move(members));
}

}  // namespace aw::rego

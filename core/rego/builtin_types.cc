// SPDX-License-Identifier: Apache-2.0
// What the builtin functions take and answer, as OPA declares it.
//
// Written small: 0 null, b boolean, n number, s string, * anything; [t] an array, [t,t;t] one whose
// first elements are known, <t> a set, {k:v} an object, (t|t) one of them.
#include <array>

#include "core/rego/types.h"

namespace aw::rego {
namespace {

struct Row {
  std::string_view name;
  std::string_view arguments;
  std::string_view result;
};
constexpr Row kSignatures[] = {
    {"abs", "n", "n"},
    {"all", "([*]|<*>)", "b"},
    {"and", "<*><*>", "<*>"},
    {"any", "([*]|<*>)", "b"},
    {"array.concat", "[*][*]", "[*]"},
    {"array.flatten", "[*]", "[*]"},
    {"array.reverse", "[*]", "[*]"},
    {"array.slice", "[*]nn", "[*]"},
    {"base64.decode", "s", "s"},
    {"base64.encode", "s", "s"},
    {"base64.is_valid", "s", "b"},
    {"base64url.decode", "s", "s"},
    {"base64url.encode", "s", "s"},
    {"base64url.encode_no_pad", "s", "s"},
    {"bits.and", "nn", "n"},
    {"bits.lsh", "nn", "n"},
    {"bits.negate", "n", "n"},
    {"bits.or", "nn", "n"},
    {"bits.rsh", "nn", "n"},
    {"bits.xor", "nn", "n"},
    {"cast_array", "*", "[*]"},
    {"cast_boolean", "*", "b"},
    {"cast_null", "*", "0"},
    {"cast_object", "*", "{*:*}"},
    {"cast_set", "*", "<*>"},
    {"cast_string", "*", "s"},
    {"ceil", "n", "n"},
    {"concat", "s([s]|<s>)", "s"},
    {"contains", "ss", "b"},
    {"count", "(s|[*]|{*:*}|<*>)", "n"},
    {"crypto.hmac.equal", "ss", "b"},
    {"crypto.hmac.md5", "ss", "s"},
    {"crypto.hmac.sha1", "ss", "s"},
    {"crypto.hmac.sha256", "ss", "s"},
    {"crypto.hmac.sha512", "ss", "s"},
    {"crypto.md5", "s", "s"},
    {"crypto.parse_private_keys", "s", "[{s:*}]"},
    {"crypto.sha1", "s", "s"},
    {"crypto.sha256", "s", "s"},
    {"crypto.x509.parse_and_verify_certificates", "s", "[b,[{s:*}];]"},
    {"crypto.x509.parse_and_verify_certificates_with_options", "s{s:*}", "[b,[{s:*}];]"},
    {"crypto.x509.parse_certificate_request", "s", "{s:*}"},
    {"crypto.x509.parse_certificates", "s", "[{s:*}]"},
    {"crypto.x509.parse_keypair", "ss", "{s:*}"},
    {"crypto.x509.parse_rsa_private_key", "s", "{s:*}"},
    {"div", "nn", "n"},
    {"endswith", "ss", "b"},
    {"eq", "**", "b"},
    {"equal", "**", "b"},
    {"floor", "n", "n"},
    {"format_int", "nn", "s"},
    {"glob.match", "s(0|[s])s", "b"},
    {"glob.quote_meta", "s", "s"},
    {"graph.reachable", "{*:([*]|<*>)}([*]|<*>)", "<*>"},
    {"graph.reachable_paths", "{*:([*]|<*>)}([*]|<*>)", "<[*]>"},
    {"gt", "**", "b"},
    {"gte", "**", "b"},
    {"hex.decode", "s", "s"},
    {"hex.encode", "s", "s"},
    {"indexof", "ss", "n"},
    {"indexof_n", "ss", "[n]"},
    {"internal.member_2", "**", "b"},
    {"internal.member_3", "***", "b"},
    {"intersection", "<<*>>", "<*>"},
    {"io.jwt.decode", "s", "[{*:*},{*:*},s;]"},
    {"io.jwt.decode_verify", "s{s:*}", "[b,{*:*},{*:*};]"},
    {"io.jwt.encode_sign", "{s:*}{s:*}{s:*}", "s"},
    {"io.jwt.encode_sign_raw", "sss", "s"},
    {"io.jwt.verify_eddsa", "ss", "b"},
    {"io.jwt.verify_es256", "ss", "b"},
    {"io.jwt.verify_es384", "ss", "b"},
    {"io.jwt.verify_es512", "ss", "b"},
    {"io.jwt.verify_hs256", "ss", "b"},
    {"io.jwt.verify_hs384", "ss", "b"},
    {"io.jwt.verify_hs512", "ss", "b"},
    {"io.jwt.verify_ps256", "ss", "b"},
    {"io.jwt.verify_ps384", "ss", "b"},
    {"io.jwt.verify_ps512", "ss", "b"},
    {"io.jwt.verify_rs256", "ss", "b"},
    {"io.jwt.verify_rs384", "ss", "b"},
    {"io.jwt.verify_rs512", "ss", "b"},
    {"internal.template_string", "*", "s"},
    {"is_array", "*", "b"},
    {"is_boolean", "*", "b"},
    {"is_null", "*", "b"},
    {"is_number", "*", "b"},
    {"is_object", "*", "b"},
    {"is_set", "*", "b"},
    {"is_string", "*", "b"},
    {"json.filter", "{*:*}([(s|[*])]|<(s|[*])>)", "{*:*}"},
    {"json.is_valid", "s", "b"},
    {"json.marshal", "*", "s"},
    {"json.marshal_with_options", "*{s:*}", "s"},
    {"json.match_schema", "(s|{*:*})(s|{*:*})", "[b,[{desc:s,error:s,field:s,type:s;}];]"},
    {"json.patch", "*[{*:*}]", "*"},
    {"json.remove", "{*:*}([(s|[*])]|<(s|[*])>)", "{*:*}"},
    {"json.unmarshal", "s", "*"},
    {"json.verify_schema", "(s|{*:*})", "[b,(0|s);]"},
    {"lower", "s", "s"},
    {"lt", "**", "b"},
    {"lte", "**", "b"},
    {"max", "([*]|<*>)", "*"},
    {"min", "([*]|<*>)", "*"},
    {"minus", "(n|<*>)(n|<*>)", "(n|<*>)"},
    {"mul", "nn", "n"},
    {"neq", "**", "b"},
    {"net.cidr_contains", "ss", "b"},
    {"net.cidr_contains_matches",
     "(s|[(s|[*])]|{s:(s|[*])}|<(s|[*])>)(s|[(s|[*])]|{s:(s|[*])}|<(s|[*])>)", "<[*,*;]>"},
    {"net.cidr_expand", "s", "<s>"},
    {"net.cidr_intersects", "ss", "b"},
    {"net.cidr_is_valid", "s", "b"},
    {"net.cidr_merge", "([(s)]|<s>)", "<s>"},
    {"net.cidr_overlap", "ss", "b"},
    {"numbers.range", "nn", "[n]"},
    {"numbers.range_step", "nnn", "[n]"},
    {"object.filter", "{*:*}([*]|{*:*}|<*>)", "{*:*}"},
    {"object.get", "{*:*}**", "*"},
    {"object.keys", "{*:*}", "<*>"},
    {"object.remove", "{*:*}([*]|{*:*}|<*>)", "{*:*}"},
    {"object.subset", "([*]|{*:*}|<*>)([*]|{*:*}|<*>)", "b"},
    {"object.union", "{*:*}{*:*}", "{*:*}"},
    {"object.union_n", "[{*:*}]", "{*:*}"},
    {"opa.runtime", "", "{s:*}"},
    {"or", "<*><*>", "<*>"},
    {"plus", "nn", "n"},
    {"product", "([n]|<n>)", "n"},
    {"rand.intn", "sn", "n"},
    {"re_match", "ss", "b"},
    {"regex.find_all_string_submatch_n", "ssn", "[[s]]"},
    {"regex.find_n", "ssn", "[s]"},
    {"regex.globs_match", "ss", "b"},
    {"regex.is_valid", "s", "b"},
    {"regex.match", "ss", "b"},
    {"regex.replace", "sss", "s"},
    {"regex.split", "ss", "[s]"},
    {"regex.template_match", "ssss", "b"},
    {"rego.metadata.chain", "", "[*]"},
    {"rego.metadata.rule", "", "*"},
    {"rem", "nn", "n"},
    {"replace", "sss", "s"},
    {"round", "n", "n"},
    {"semver.compare", "ss", "n"},
    {"semver.is_valid", "*", "b"},
    {"set_diff", "<*><*>", "<*>"},
    {"sort", "([*]|<*>)", "[*]"},
    {"split", "ss", "[s]"},
    {"sprintf", "s[*]", "s"},
    {"startswith", "ss", "b"},
    {"strings.any_prefix_match", "(s|[s]|<s>)(s|[s]|<s>)", "b"},
    {"strings.any_suffix_match", "(s|[s]|<s>)(s|[s]|<s>)", "b"},
    {"strings.count", "ss", "n"},
    {"strings.render_template", "s{s:*}", "s"},
    {"strings.replace_n", "{s:s}s", "s"},
    {"strings.reverse", "s", "s"},
    {"strings.split_n", "ssn", "[s]"},
    {"substring", "snn", "s"},
    {"sum", "([n]|<n>)", "n"},
    {"time.add_date", "nnnn", "n"},
    {"time.clock", "(n|[n,s;])", "[n,n,n;]"},
    {"time.date", "(n|[n,s;])", "[n,n,n;]"},
    {"time.diff", "(n|[n,s;])(n|[n,s;])", "[n,n,n,n,n,n;]"},
    {"time.format", "(n|[n,s;]|[n,s,s;])", "s"},
    {"time.now_ns", "", "n"},
    {"time.parse_duration_ns", "s", "n"},
    {"time.parse_ns", "ss", "n"},
    {"time.parse_rfc3339_ns", "s", "n"},
    {"time.weekday", "(n|[n,s;])", "s"},
    {"to_number", "(0|b|n|s)", "n"},
    {"trace", "s", "b"},
    {"trim", "ss", "s"},
    {"trim_left", "ss", "s"},
    {"trim_prefix", "ss", "s"},
    {"trim_right", "ss", "s"},
    {"trim_space", "s", "s"},
    {"trim_suffix", "ss", "s"},
    {"type_name", "*", "s"},
    {"union", "<<*>>", "<*>"},
    {"units.parse", "s", "n"},
    {"units.parse_bytes", "s", "n"},
    {"upper", "s", "s"},
    {"uri.is_valid", "s", "b"},
    {"uri.parse", "s", "{s:s}"},
    {"urlquery.decode", "s", "s"},
    {"urlquery.decode_object", "s", "{s:[s]}"},
    {"urlquery.encode", "s", "s"},
    {"urlquery.encode_object", "{s:(s|[s]|<s>)}", "s"},
    {"uuid.parse", "s", "{s:*}"},
    {"uuid.rfc4122", "s", "s"},
    {"walk", "*", "[[*],*;]"},
    {"yaml.is_valid", "s", "b"},
    {"yaml.marshal", "*", "s"},
    {"yaml.unmarshal", "s", "*"},
};

// Reads the notation above. The table is ours, so that nothing in it is malformed.
class Notation {
 public:
  explicit Notation(std::string_view text) : text_(text) {}
  [[nodiscard]] bool more() const { return at_ < text_.size(); }

  TypeRef one() {
    switch (text_[at_++]) {
      case '0':
        return type_of_kind(Kind::null);
      case 'b':
        return type_of_kind(Kind::boolean);
      case 'n':
        return type_of_kind(Kind::number);
      case 's':
        return type_of_kind(Kind::string);
      case '<':
        return set_of(closed(one()));
      case '[':
        return array();
      case '{':
        return object();
      case '(':
        return choice();
      default:
        return any_type();
    }
  }

 private:
  TypeRef closed(TypeRef inner) {
    ++at_;
    return inner;
  }

  TypeRef array() {
    std::vector<TypeRef> first = {one()};
    if (text_[at_] == ']') return closed(array_of({}, first.front()));
    while (text_[at_] == ',') {
      ++at_;
      first.push_back(one());
    }
    ++at_;  // ;
    TypeRef rest = text_[at_] == ']' ? nullptr : one();
    return closed(array_of(std::move(first), rest));
  }

  TypeRef object() {
    std::vector<Type::Member> members;
    while (text_.substr(at_, text_.find(':', at_) - at_).size() > 1 && text_[at_] != '(') {
      std::size_t colon = text_.find(':', at_);
      Value name = Value::string(text_.substr(at_, colon - at_));
      at_ = colon + 1;
      members.push_back({name, one()});
      if (text_[at_] == ',') ++at_;
      if (text_[at_] == ';') break;
    }
    if (text_[at_] == ';') ++at_;
    if (text_[at_] == '}') return closed(object_of(std::move(members), nullptr, nullptr));
    TypeRef key = closed(one());
    TypeRef value = one();
    return closed(object_of(std::move(members), key, value));
  }

  TypeRef choice() {
    TypeRef all = one();
    while (text_[at_] == '|') {
      ++at_;
      all = either(all, one());
    }
    return closed(all);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<Signature> builtin_signature(std::string_view name) {
  for (Row const& row : kSignatures) {
    if (row.name != name) continue;
    Signature out;
    for (Notation notation(row.arguments); notation.more();)
      out.arguments.push_back(notation.one());
    out.result = Notation(row.result).one();
    return out;
  }
  return std::nullopt;
}

}  // namespace aw::rego

// SPDX-License-Identifier: Apache-2.0
// The extensions of RFC 5280 §4.2, as the fields that Go's x509.Certificate makes of them.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/rego/builtin_x509_value.h"
#include "core/rego/der.h"
#include "core/rego/uri.h"

namespace aw::rego {
namespace {

struct OneExtension {
  std::string_view type;  // an OBJECT IDENTIFIER's body
  std::string id;
  bool critical = false;
  std::string_view value;
};

Error bad_extension(std::string_view what) {
  return make_error(Code::policy_builtin, "x509: invalid " + std::string(what));
}

Value address_value(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), out.data(), out.size());
  return Value::string(out.data());
}

Value url_value(Uri const& uri) {
  bool raw = uri.raw_path != uri.path;
  return Value::object({{"Scheme", Value::string(uri.scheme)},
                        {"Opaque", Value::string(uri.opaque)},
                        {"User", uri.has_user ? Value::object({}) : Value::null()},
                        {"Host", Value::string(uri.authority)},
                        {"Path", Value::string(uri.path)},
                        {"RawPath", Value::string(raw ? uri.raw_path : "")},
                        {"OmitHost", Value::boolean(false)},
                        {"ForceQuery", Value::boolean(false)},
                        {"RawQuery", Value::string(uri.query)},
                        {"Fragment", Value::string(uri.fragment)},
                        {"RawFragment", Value::string("")}});
}

// Extended key usages that Go numbers, by their place in this list.
constexpr std::array<std::string_view, 14> kKnownUsages = {"2.5.29.37.0",
                                                           "1.3.6.1.5.5.7.3.1",
                                                           "1.3.6.1.5.5.7.3.2",
                                                           "1.3.6.1.5.5.7.3.3",
                                                           "1.3.6.1.5.5.7.3.4",
                                                           "1.3.6.1.5.5.7.3.5",
                                                           "1.3.6.1.5.5.7.3.6",
                                                           "1.3.6.1.5.5.7.3.7",
                                                           "1.3.6.1.5.5.7.3.8",
                                                           "1.3.6.1.5.5.7.3.9",
                                                           "1.3.6.1.4.1.311.10.3.3",
                                                           "2.16.840.1.113730.4.1",
                                                           "1.3.6.1.4.1.311.2.1.22",
                                                           "1.3.6.1.4.1.311.61.1.1"};

class ExtensionReader {
 public:
  explicit ExtensionReader(ExtensionsOf of) {
    for (std::string_view name : {"DNSNames", "EmailAddresses", "IPAddresses", "URIs"}) {
      facts_[std::string(name)] = Value::null();
    }
    if (of == ExtensionsOf::certificate) certificate_defaults();
  }

  Result<void> read(OneExtension const& one) {
    bool unhandled = false;
    if (one.id == "2.5.29.17") {
      AW_TRY(alternative_names(one.value, unhandled));
    } else if (reads_all()) {
      AW_TRY(other(one, unhandled));
    }
    if (one.critical && unhandled) append("UnhandledCriticalExtensions", object_id_value(one.type));
    return {};
  }

  std::vector<Entry> finish() {
    std::vector<Entry> out;
    out.reserve(facts_.size());
    for (auto& [name, value] : facts_) out.push_back({Value::string(name), value});
    for (auto& [name, items] : lists_) {
      auto const same = [&](Entry const& entry) { return entry.key.as_string() == name; };
      auto const found = std::ranges::find_if(out, same);
      if (found != out.end()) found->value = Value::array(std::move(items));
    }
    return out;
  }
  Value uri_strings() { return uris_.empty() ? Value::null() : Value::array(std::move(uris_)); }

 private:
  [[nodiscard]] bool reads_all() const { return facts_.contains("IsCA"); }

  void certificate_defaults() {
    for (std::string_view name :
         {"AuthorityKeyId", "SubjectKeyId", "ExtKeyUsage", "UnknownExtKeyUsage", "OCSPServer",
          "IssuingCertificateURL", "CRLDistributionPoints", "PolicyIdentifiers", "Policies",
          "PolicyMappings", "PermittedDNSDomains", "ExcludedDNSDomains", "PermittedIPRanges",
          "ExcludedIPRanges", "PermittedEmailAddresses", "ExcludedEmailAddresses",
          "PermittedURIDomains", "ExcludedURIDomains", "UnhandledCriticalExtensions"}) {
      facts_[std::string(name)] = Value::null();
    }
    for (std::string_view name : {"KeyUsage", "MaxPathLen", "InhibitAnyPolicy",
                                  "InhibitPolicyMapping", "RequireExplicitPolicy"}) {
      facts_[std::string(name)] = Value::number(0);
    }
    for (std::string_view name :
         {"BasicConstraintsValid", "IsCA", "MaxPathLenZero", "InhibitAnyPolicyZero",
          "InhibitPolicyMappingZero", "RequireExplicitPolicyZero", "PermittedDNSDomainsCritical"}) {
      facts_[std::string(name)] = Value::boolean(false);
    }
  }

  void set(std::string_view name, Value value) { facts_[std::string(name)] = std::move(value); }
  void append(std::string_view name, Value value) {
    lists_[std::string(name)].push_back(std::move(value));
  }

  Result<void> other(OneExtension const& one, bool& unhandled) {
    using Method = Result<void> (ExtensionReader::*)(std::string_view);
    constexpr std::pair<std::string_view, Method> kKnown[] = {
        {"2.5.29.15", &ExtensionReader::key_usage},
        {"2.5.29.19", &ExtensionReader::basic_constraints},
        {"2.5.29.31", &ExtensionReader::distribution_points},
        {"2.5.29.35", &ExtensionReader::authority_key},
        {"2.5.29.36", &ExtensionReader::policy_constraints},
        {"2.5.29.37", &ExtensionReader::extended_usage},
        {"2.5.29.14", &ExtensionReader::subject_key},
        {"2.5.29.32", &ExtensionReader::policies},
        {"2.5.29.33", &ExtensionReader::policy_mappings},
        {"2.5.29.54", &ExtensionReader::inhibit_any_policy},
        {"1.3.6.1.5.5.7.1.1", &ExtensionReader::authority_access}};
    if (one.id == "2.5.29.30") return name_constraints(one, unhandled);
    for (auto const& [id, method] : kKnown) {
      if (id == one.id) return (this->*method)(one.value);
    }
    unhandled = true;
    return {};
  }

  Result<void> alternative_names(std::string_view value, bool& unhandled) {
    DerReader outer(value);
    std::string_view names;
    if (!outer.take(der::kSequence, names)) return bad_extension("subject alternative names");
    bool any = false;
    for (DerReader reader(names); !reader.empty();) {
      DerElement name;
      if (!reader.next(name)) return bad_extension("subject alternative names");
      AW_TRY(alternative_name(name, any));
    }
    unhandled = !any;
    return {};
  }

  Result<void> alternative_name(DerElement const& name, bool& any) {
    std::string text(name.body);
    if (name.tag == der::context(1)) append("EmailAddresses", Value::string(text));
    if (name.tag == der::context(2)) append("DNSNames", Value::string(text));
    if (name.tag == der::context(6)) {
      auto uri = parse_uri(text);
      if (!uri.ok()) return bad_extension("URI: " + uri.error().message);
      append("URIs", url_value(*uri));
      uris_.push_back(Value::string(text));
    }
    if (name.tag == der::context(7)) {
      if (text.size() != 4 && text.size() != 16) return bad_extension("IP address");
      append("IPAddresses", address_value(text));
    }
    any = any || name.tag == der::context(1) || name.tag == der::context(2) ||
          name.tag == der::context(6) || name.tag == der::context(7);
    return {};
  }

  Result<void> key_usage(std::string_view value) {
    DerReader outer(value);
    std::string_view bits;
    if (!outer.take(der::kBitString, bits) || bits.empty()) return bad_extension("key usage");
    std::int64_t usage = 0;
    for (std::size_t i = 0; i < 9 && 1 + i / 8 < bits.size(); ++i) {
      bool on = (static_cast<unsigned char>(bits[1 + i / 8]) >> (7 - i % 8) & 1) != 0;
      if (on) usage |= std::int64_t{1} << i;
    }
    set("KeyUsage", Value::number(usage));
    return {};
  }

  Result<void> basic_constraints(std::string_view value) {
    DerReader outer(value);
    std::string_view sequence;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("basic constraints");
    DerReader fields(sequence);
    std::string_view flag;
    std::string_view length;
    bool authority = fields.take(der::kBoolean, flag) && flag == "\xFF";
    std::int64_t most = -1;
    if (fields.take(der::kInteger, length)) {
      auto number = small_integer(length);
      if (!number) return bad_extension("basic constraints");
      most = *number;
    }
    set("BasicConstraintsValid", Value::boolean(true));
    set("IsCA", Value::boolean(authority));
    set("MaxPathLen", Value::number(most));
    set("MaxPathLenZero", Value::boolean(most == 0));
    return {};
  }

  Result<void> distribution_points(std::string_view value) {
    DerReader outer(value);
    std::string_view points;
    if (!outer.take(der::kSequence, points)) return bad_extension("CRL distribution points");
    for (DerReader reader(points); !reader.empty();) {
      std::string_view point;
      std::string_view name;
      std::string_view full;
      if (!reader.take(der::kSequence, point)) return bad_extension("CRL distribution point");
      DerReader fields(point);
      if (!fields.take(der::constructed(0), name)) continue;
      DerReader inner(name);
      if (!inner.take(der::constructed(0), full)) continue;
      DerElement uri;
      for (DerReader names(full); names.next(uri);) {
        if (uri.tag == der::context(6)) append("CRLDistributionPoints", Value::string(uri.body));
      }
    }
    return {};
  }

  Result<void> authority_key(std::string_view value) {
    DerReader outer(value);
    std::string_view sequence;
    std::string_view id;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("authority key identifier");
    DerReader fields(sequence);
    if (fields.take(der::context(0), id)) set("AuthorityKeyId", base64_value(id));
    return {};
  }

  Result<void> subject_key(std::string_view value) {
    DerReader outer(value);
    std::string_view id;
    if (!outer.take(der::kOctetString, id)) return bad_extension("subject key identifier");
    set("SubjectKeyId", base64_value(id));
    return {};
  }

  void counted(std::string const& name, std::string_view body) {
    auto number = small_integer(body);
    if (!number) return;
    set(name, Value::number(*number));
    set(name + "Zero", Value::boolean(*number == 0));
  }

  Result<void> policy_constraints(std::string_view value) {
    DerReader outer(value);
    std::string_view sequence;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("policy constraints");
    DerReader fields(sequence);
    std::string_view body;
    if (fields.take(der::context(0), body)) counted("RequireExplicitPolicy", body);
    if (fields.take(der::context(1), body)) counted("InhibitPolicyMapping", body);
    return {};
  }

  Result<void> inhibit_any_policy(std::string_view value) {
    DerReader outer(value);
    std::string_view body;
    if (!outer.take(der::kInteger, body)) return bad_extension("inhibit any policy");
    counted("InhibitAnyPolicy", body);
    return {};
  }

  Result<void> extended_usage(std::string_view value) {
    DerReader outer(value);
    std::string_view sequence;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("extended key usages");
    for (DerReader reader(sequence); !reader.empty();) {
      std::string_view type;
      if (!reader.take(der::kObjectId, type)) return bad_extension("extended key usages");
      auto id = object_id(type);
      if (!id) return bad_extension("extended key usages");
      auto const* known = std::ranges::find(kKnownUsages, dotted(*id));
      if (known == kKnownUsages.end()) {
        append("UnknownExtKeyUsage", object_id_value(type));
      } else {
        append("ExtKeyUsage", Value::number(known - kKnownUsages.begin()));
      }
    }
    return {};
  }

  Result<void> policies(std::string_view value) {
    DerReader outer(value);
    std::string_view sequence;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("certificate policies");
    for (DerReader reader(sequence); !reader.empty();) {
      std::string_view policy;
      std::string_view type;
      if (!reader.take(der::kSequence, policy)) return bad_extension("certificate policies");
      DerReader fields(policy);
      auto id = fields.take(der::kObjectId, type) ? object_id(type) : std::nullopt;
      if (!id) return bad_extension("certificate policies");
      append("Policies", Value::string(dotted(*id)));
      append("PolicyIdentifiers", object_id_value(type));
    }
    return {};
  }

  Result<void> policy_mappings(std::string_view value) {
    DerReader outer(value);
    std::string_view sequence;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("policy mappings");
    for (DerReader reader(sequence); !reader.empty();) {
      std::string_view pair;
      std::string_view issuer;
      std::string_view subject;
      if (!reader.take(der::kSequence, pair)) return bad_extension("policy mappings");
      DerReader fields(pair);
      bool both = fields.take(der::kObjectId, issuer) && fields.take(der::kObjectId, subject);
      auto from = both ? object_id(issuer) : std::nullopt;
      auto to = both ? object_id(subject) : std::nullopt;
      if (!from || !to) return bad_extension("policy mappings");
      append("PolicyMappings",
             Value::object({{"IssuerDomainPolicy", Value::string(dotted(*from))},
                            {"SubjectDomainPolicy", Value::string(dotted(*to))}}));
    }
    return {};
  }

  Result<void> authority_access(std::string_view value) {
    DerReader outer(value);
    std::string_view sequence;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("authority info access");
    for (DerReader reader(sequence); !reader.empty();) {
      std::string_view access;
      std::string_view method;
      std::string_view uri;
      if (!reader.take(der::kSequence, access)) return bad_extension("authority info access");
      DerReader fields(access);
      if (!fields.take(der::kObjectId, method)) return bad_extension("authority info access");
      auto id = object_id(method);
      if (!id || !fields.take(der::context(6), uri)) continue;
      if (dotted(*id) == "1.3.6.1.5.5.7.48.1") append("OCSPServer", Value::string(uri));
      if (dotted(*id) == "1.3.6.1.5.5.7.48.2") append("IssuingCertificateURL", Value::string(uri));
    }
    return {};
  }

  Result<void> name_constraints(OneExtension const& one, bool& unhandled) {
    DerReader outer(one.value);
    std::string_view sequence;
    if (!outer.take(der::kSequence, sequence)) return bad_extension("name constraints");
    DerReader fields(sequence);
    std::string_view trees;
    set("PermittedDNSDomainsCritical", Value::boolean(one.critical));
    if (fields.take(der::constructed(0), trees)) {
      AW_TRY(subtrees(trees, "Permitted", unhandled));
    }
    if (fields.take(der::constructed(1), trees)) {
      AW_TRY(subtrees(trees, "Excluded", unhandled));
    }
    return {};
  }

  Result<void> subtrees(std::string_view trees, std::string const& side, bool& unhandled) {
    for (DerReader reader(trees); !reader.empty();) {
      std::string_view tree;
      DerElement base;
      if (!reader.take(der::kSequence, tree)) return bad_extension("name constraints");
      DerReader fields(tree);
      if (!fields.next(base)) return bad_extension("name constraints");
      if (base.tag == der::context(2)) {
        append(side + "DNSDomains", Value::string(base.body));
      } else if (base.tag == der::context(1)) {
        append(side + "EmailAddresses", Value::string(base.body));
      } else if (base.tag == der::context(6)) {
        append(side + "URIDomains", Value::string(base.body));
      } else if (base.tag == der::context(7)) {
        std::size_t half = base.body.size() / 2;
        if (half != 4 && half != 16) return bad_extension("IP constraint");
        append(side + "IPRanges", Value::object({{"IP", address_value(base.body.substr(0, half))},
                                                 {"Mask", base64_value(base.body.substr(half))}}));
      } else {
        unhandled = true;
      }
    }
    return {};
  }

  std::map<std::string, Value> facts_;
  std::map<std::string, std::vector<Value>> lists_;
  std::vector<Value> uris_;
};

bool read_extension(std::string_view body, OneExtension& out) {
  DerReader fields(body);
  std::string_view critical;
  if (!fields.take(der::kObjectId, out.type)) return false;
  auto id = object_id(out.type);
  if (!id) return false;
  out.id = dotted(*id);
  out.critical = fields.take(der::kBoolean, critical) && critical == "\xFF";
  return fields.take(der::kOctetString, out.value) && fields.empty();
}

}  // namespace

Result<ExtensionFacts> extension_facts(std::string_view extensions, ExtensionsOf of) {
  ExtensionReader reader(of);
  std::vector<Value> list;
  DerReader outer(extensions);
  std::string_view sequence;
  if (!extensions.empty() && !outer.take(der::kSequence, sequence)) {
    return bad_extension("extensions");
  }
  for (DerReader all(sequence); !all.empty();) {
    std::string_view body;
    OneExtension one;
    if (!all.take(der::kSequence, body) || !read_extension(body, one)) {
      return bad_extension("extension");
    }
    list.push_back(Value::object({{"Id", object_id_value(one.type)},
                                  {"Critical", Value::boolean(one.critical)},
                                  {"Value", base64_value(one.value)}}));
    AW_TRY(reader.read(one));
  }
  ExtensionFacts facts;
  facts.members = reader.finish();
  facts.uri_strings = reader.uri_strings();
  facts.list = extensions.empty() ? Value::null() : Value::array(std::move(list));
  return facts;
}

}  // namespace aw::rego

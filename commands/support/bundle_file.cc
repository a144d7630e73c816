// SPDX-License-Identifier: Apache-2.0
#include "commands/support/bundle_file.h"

#include <set>
#include <string_view>
#include <utility>

#include "core/base/fs.h"

namespace aw::commands {
namespace {

// The trust domain that the authorities name themselves, when they all name the same.
Result<identity::TrustDomain> domain_of(std::string_view bytes, std::string const& given) {
  if (!given.empty()) {
    std::string_view name = given;
    if (name.starts_with("spiffe://")) name.remove_prefix(9);
    return identity::TrustDomain::parse(name);
  }
  AW_TRY(auto const any, identity::TrustDomain::parse("bundle.invalid"));
  AW_TRY(auto const bundle, bytes.find("-----BEGIN") != std::string_view::npos
                                ? identity::Bundle::parse_pem(any, bytes)
                                : identity::Bundle::parse_json(any, bytes));
  std::set<std::string> named;
  for (auto const& authority : bundle.x509_authorities())
    for (auto const& uri : authority.uri_sans()) named.insert(uri);
  if (named.size() != 1 || !named.begin()->starts_with("spiffe://")) {
    return make_error(Code::usage, "the bundle does not say whose it is",
                      "name its trust domain with --trust-domain");
  }
  return identity::TrustDomain::parse(named.begin()->substr(9));
}

}  // namespace

Result<identity::Bundles> read_bundle_file(BundleFileOptions const& options) {
  AW_TRY(auto const bytes, fs::read_file(options.file, identity::Bundle::kMaxJsonBytes));
  AW_TRY(auto const domain, domain_of(bytes, options.trust_domain));
  AW_TRY(auto bundle, bytes.find("-----BEGIN") != std::string::npos
                          ? identity::Bundle::parse_pem(domain, bytes)
                          : identity::Bundle::parse_json(domain, bytes));
  identity::Bundles out;
  out.emplace(domain, std::move(bundle));
  return out;
}

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
#include "commands/bundle_show.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/identity/workload_fetch.h"

namespace aw::commands {
namespace {

using identity::Bundles;
using identity::TrustDomain;

constexpr std::string_view kScheme = "spiffe://";

struct Known {
  Bundles bundles;
  TrustDomain own;
};

Result<Known> fetch(BundleShowOptions const& options, Context const& context) {
  AW_TRY(auto const endpoint, workload_endpoint(options.workload, context));
  AW_TRY(auto const state, current_state(options.workload, context));
  AW_TRY(auto bundles, identity::fetch_bundles(endpoint, options.workload.timeout));
  return Known{std::move(bundles), state.svid().id.trust_domain()};
}

// With or without the scheme, as people paste it.
Result<TrustDomain> parse_domain(std::string_view text) {
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  return TrustDomain::parse(text);
}

Result<identity::Bundle> choose(Known const& known, std::string const& name) {
  auto domain = known.own;
  if (!name.empty()) {
    AW_TRY(domain, parse_domain(name));
  }
  auto const found = known.bundles.find(domain);
  if (found != known.bundles.end()) return found->second;
  return make_error(
      Code::no_bundle, "no bundle of " + domain.name() + " here",
      "`agentweave bundle show` lists what the Workload API provides; is it federated?");
}

void write_line(std::ostream& out, identity::Bundle const& bundle, TrustDomain const& own,
                std::size_t width) {
  auto const& name = bundle.trust_domain().name();
  out << name << std::string(width - name.size(), ' ') << "   "
      << (bundle.trust_domain() == own ? "own      " : "federated") << "   CAs:";
  for (auto const& authority : bundle.x509_authorities())
    out << ' ' << short_fingerprint(authority.fingerprint_sha256()) << " (until "
        << format_rfc3339(authority.not_after()).substr(0, 10) << ')';
  out << "   JWT keys: " << bundle.jwt_authorities().size();
  if (bundle.sequence()) out << "   seq " << *bundle.sequence();
  out << '\n';
}

Result<void> print_list(Known known, BundleShowOptions const& options, Context& context) {
  if (!options.trust_domain.empty()) {
    AW_TRY(auto only, choose(known, options.trust_domain));
    known.bundles = {{only.trust_domain(), only}};
  }
  json::Json data = json::Json::array();
  std::size_t width = 0;
  for (auto const& [domain, bundle] : known.bundles) {
    data.push_back(to_json(bundle));
    data.back()["own"] = domain == known.own;
    width = std::max(width, domain.name().size());
  }
  context.print("BundleList", data, [&](std::ostream& out) {
    for (auto const& [domain, bundle] : known.bundles) write_line(out, bundle, known.own, width);
  });
  return {};
}

}  // namespace

Result<void> run_bundle_show(BundleShowOptions const& options, Context& context) {
  AW_TRY(auto known, fetch(options, context));
  if (options.form == BundleShowOptions::Form::list)
    return print_list(std::move(known), options, context);
  AW_TRY(auto const bundle, choose(known, options.trust_domain));
  context.out << (options.form == BundleShowOptions::Form::pem ? bundle.pem()
                                                               : bundle.json() + "\n");
  context.out.flush();
  return {};
}

void register_bundle_show(CLI::App& parent, Context& context) {
  using Form = BundleShowOptions::Form;
  auto options = std::make_shared<BundleShowOptions>();
  auto& group = add_group(parent, "bundle", "See the authorities of trust domains");
  auto& command = add_command(
      group,
      {.name = "show",
       .purpose = "Print the trust bundles this workload verifies its peers with",
       .examples = {"agentweave bundle show", "agentweave bundle show eu.example.com --format pem",
                    "agentweave bundle show --format spiffe"},
       .details = "--format pem and --format spiffe print one whole bundle: the own one unless "
                  "another is named."});
  add_workload_options(command, options->workload);
  command.add_option("TRUST_DOMAIN", options->trust_domain, "Only this one");
  command
      .add_option_function<std::string>(
          "--format",
          [options](std::string const& word) {
            options->form = word == "pem"      ? Form::pem
                            : word == "spiffe" ? Form::spiffe
                                               : Form::list;
          },
          "A document instead of the list")
      ->check(CLI::IsMember({"list", "pem", "spiffe"}));
  on_run(command, context, [options, &context] { return run_bundle_show(*options, context); });
}

}  // namespace aw::commands

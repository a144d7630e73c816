// SPDX-License-Identifier: Apache-2.0
#include "commands/doctor_prove.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/bundle_file.h"
#include "commands/support/dev_directory.h"
#include "commands/support/identity.h"
#include "commands/support/proof.h"
#include "commands/support/serving.h"
#include "core/a2a/discovery.h"
#include "core/base/fs.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/identity/first_snapshot.h"
#include "core/runtime/make_identity.h"

namespace aw::commands {
namespace {

Result<std::shared_ptr<const identity::Snapshot>> dev_identity(config::Config const& config,
                                                               std::chrono::nanoseconds patience,
                                                               Context& context) {
  // The issuer lives in the agent that runs, and gives us what it gives itself.
  IdentityOptions const from{
      .socket = config.identity.dev.socket, .as = config.identity.spiffe_id, .timeout = patience};
  AW_TRY(auto snapshot, fetch_identity(from, context));
  return std::make_shared<const identity::Snapshot>(std::move(snapshot));
}

Result<std::shared_ptr<const identity::Snapshot>> own_identity(config::Config const& config,
                                                               std::chrono::nanoseconds patience,
                                                               Context& context) {
  if (config.identity.provider == identity::Provider::dev)
    return dev_identity(config, patience, context);
  auto const silent = log::Log::silent();
  AW_TRY(auto const provider, runtime::make_identity_provider(config, context.clock, *silent));
  io::Watch<identity::Snapshot> watch;
  AW_TRY(provider->start(watch));
  auto first = identity::wait_first_snapshot(watch, *provider, patience, context.interrupt());
  provider->stop();
  return first;
}

std::string to_ourselves(std::string host) {
  return host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
}

// --address, else what `dev` says it listens on, else the configuration.
Result<http::Endpoint> listener_of(ProveOptions const& options, config::Config const& config,
                                   identity::SpiffeId const& id, Context& context) {
  if (!options.address.empty()) return a2a::target_endpoint(id, config.discovery, options.address);
  if (config.identity.provider == identity::Provider::dev) {
    if (auto const dev = find_dev_agent(context, id))
      return a2a::target_endpoint(id, config.discovery, dev->address);
  }
  if (config.server.port == 0)
    return make_error(Code::usage, "server.port is 0: where the agent listens cannot be known",
                      "say it with --address");
  http::Endpoint out{.scheme = http::Scheme::https};
  out.host = to_ourselves(config.server.host);
  out.port = config.server.port;
  return out;
}

Result<std::optional<tls::Authority>> authority_of(ProveOptions const& options) {
  if (options.authority.empty() != options.authority_key.empty())
    return make_error(Code::usage, "--authority and --authority-key go together");
  if (options.authority.empty()) return std::optional<tls::Authority>();
  AW_TRY(auto const pem, fs::read_file(options.authority, tls::Certificate::kMaxBundleBytes));
  AW_TRY(auto certificate, tls::Certificate::parse_pem(pem));
  AW_TRY(auto const key_pem, fs::read_file(options.authority_key, tls::PrivateKey::kMaxBytes));
  AW_TRY(auto key, tls::PrivateKey::from_pem(key_pem));
  if (!key.matches(certificate))
    return make_error(Code::key_malformed, "--authority-key is not the authority's key");
  return std::optional(tls::Authority{std::move(certificate), std::move(key)});
}

Result<Prey> prey_of(ProveOptions const& options, config::Config const& config,
                     std::chrono::nanoseconds patience, Context& context) {
  AW_TRY(auto snapshot, own_identity(config, patience, context));
  AW_TRY(auto spec, runtime::credentials_spec(config));
  AW_TRY(auto self, identity::Credentials::make(snapshot, std::move(spec), context.clock));
  auto id = self->self();
  if (!config.identity.spiffe_id.empty()) {
    AW_TRY(id, identity::SpiffeId::parse(config.identity.spiffe_id));
  }
  AW_TRY(auto const endpoint, listener_of(options, config, id, context));
  AW_TRY(auto authority, authority_of(options));
  return Prey{.host = endpoint.host,
              .port = endpoint.port,
              .id = std::move(id),
              .self = std::move(self),
              .clock = context.clock,
              .patience = patience,
              .max_head_bytes = config.limits.max_head_bytes,
              .max_body_bytes = config.limits.max_body_bytes,
              .authority = std::move(authority),
              .echo = options.echo};
}

std::string verdict_mark(Verdict verdict, Context const& context) {
  switch (verdict) {
    case Verdict::refused:
      return context.paint_out(Style::good, "√");
    case Verdict::not_observable:
      return context.paint_out(Style::dim, "–");
    case Verdict::accepted:
    case Verdict::unclear:
      break;
  }
  return context.paint_out(Style::bad, "×");
}

void write_attacks(std::ostream& out, Proof const& proof, Context const& context) {
  constexpr std::size_t kGateColumn = 12;
  std::size_t width = 0;
  for (auto const& one : proof.attacks) width = std::max(width, one.tried.size());
  for (auto const& one : proof.attacks) {
    bool const fine = one.verdict == Verdict::refused || one.verdict == Verdict::not_observable;
    if (fine && context.verbosity == Verbosity::quiet) continue;
    auto gate = one.gate;
    auto tried = one.tried;
    gate.resize(std::max(gate.size(), kGateColumn), ' ');
    tried.resize(std::max(tried.size(), width), ' ');
    out << ' ' << verdict_mark(one.verdict, context) << ' ' << gate << tried << "  "
        << verdict_word(one.verdict) << ": " << text::printable(one.seen) << '\n';
  }
}

void write_count(std::ostream& out, Proof const& proof) {
  out << proof.attacks.size() << " attacks: " << proof.count(Verdict::refused) << " refused, "
      << proof.count(Verdict::accepted) << " accepted, " << proof.count(Verdict::unclear)
      << " unclear, " << proof.count(Verdict::not_observable) << " not observable\n";
}

json::Json proof_summary(Proof const& proof) {
  return {{"ok", proof.stands()},
          {"address", proof.control.address},
          {"listener", proof.listener},
          {"time", format_rfc3339(proof.time)},
          {"refused", proof.count(Verdict::refused)},
          {"accepted", proof.count(Verdict::accepted)},
          {"unclear", proof.count(Verdict::unclear)},
          {"not_observable", proof.count(Verdict::not_observable)},
          {"attacks", attacks_json(proof.attacks)}};
}

Exit verdict_on(Proof const& proof) { return proof.stands() ? Exit::ok : Exit::integrity; }

}  // namespace

Result<Exit> run_prove(ProveOptions const& options, config::LoadRequest const& request,
                       std::chrono::nanoseconds patience, Context& context) {
  AW_TRY(auto const loaded, load_checked(request, context));
  AW_TRY(auto const prey, prey_of(options, loaded.config, patience, context));
  AW_TRY(auto const control, ask_politely(prey));
  Proof const proof{.control = control,
                    .listener = prey.id.text(),
                    .time = context.clock.now(),
                    .attacks = attack_all(prey, control)};
  auto const& svid = prey.self->snapshot().svid();
  auto data = proof_summary(proof);
  if (!options.report.empty()) {
    AW_TRY(auto const line, signed_proof(proof, svid, loaded.config.agent.name));
    AW_TRY(fs::write_file_atomic(options.report, line, fs::Mode::public_file));
    data["report"] = options.report;
  }
  context.print("Proof", data, [&](std::ostream& out) {
    if (context.verbosity != Verbosity::quiet)
      out << control.address << "  " << proof.listener << "  " << control.version << ' '
          << control.cipher << '\n';
    write_attacks(out, proof, context);
    if (context.verbosity == Verbosity::quiet) return;
    write_count(out, proof);
    if (!options.report.empty())
      out << "report " << options.report << ", signed by " << svid.id.text() << '\n';
  });
  return verdict_on(proof);
}

Result<Exit> run_check_report(ProveOptions const& options, Context& context) {
  if (options.bundle.empty())
    return make_error(Code::usage, "--check-report needs --bundle",
                      "agentweave bundle show --format pem > bundle.pem");
  AW_TRY(auto const bundles,
         read_bundle_file({.file = options.bundle, .trust_domain = options.trust_domain}));
  AW_TRY(auto const line, fs::read_file(options.check, kMaxProofBytes));
  AW_TRY(auto const checked, check_proof(line, bundles));
  auto data = proof_summary(checked.proof);
  data["signer"] = checked.signer;
  context.print("Proof", data, [&](std::ostream& out) {
    if (context.verbosity == Verbosity::quiet) return;
    out << "genuine: signed " << format_rfc3339(checked.proof.time) << " by " << checked.signer
        << ", about " << checked.proof.listener << " at " << checked.proof.control.address << '\n';
    write_attacks(out, checked.proof, context);
    write_count(out, checked.proof);
  });
  return verdict_on(checked.proof);
}

void add_prove_options(CLI::App& command, ProveOptions& options) {
  auto const text = [&command](char const* name, std::string& target, char const* what,
                               char const* type) {
    return command.add_option(name, target, what)->type_name(type);
  };
  text("--address", options.address,
       "With --prove: the listener, when it is not the configured one; it must prove our SPIFFE ID",
       "HOST:PORT");
  text("--report", options.report, "With --prove: write the signed report here", "FILE");
  text("--authority", options.authority,
       "With --prove: an authority that the listener trusts, so that certificates have one fault "
       "only",
       "FILE");
  text("--authority-key", options.authority_key, "Its private key", "FILE");
  text("--echo", options.echo, "With --prove: an action whose answer tells the headers it got",
       "ACTION");
  text("--check-report", options.check, "Check a report that --prove wrote, offline", "FILE");
  text("--bundle", options.bundle, "With --check-report: the trust bundle (PEM or SPIFFE JSON)",
       "FILE");
  text("--trust-domain", options.trust_domain,
       "With --check-report: whose bundle it is, when it does not say", "NAME");
}

}  // namespace aw::commands

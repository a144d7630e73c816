// SPDX-License-Identifier: Apache-2.0
#include "commands/audit_verify.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/bundle_file.h"
#include "commands/support/command.h"
#include "commands/support/options.h"

namespace aw::commands {
namespace {

json::Json seals_json(audit::SealReport const& seals) {
  return {{"signatures_checked", seals.checked},
          {"checkpoints", seals.checkpoints},
          {"certificates", seals.certificates},
          {"signer", seals.signer},
          {"log", seals.log},
          {"covered", seals.covered},
          {"sealed_at", seals.sealed_at},
          {"tail_sealed", seals.closed}};
}

json::Json report_json(audit::VerifyReport const& report) {
  json::Json out = {{"ok", report.whole()},
                    {"records", report.records},
                    {"files", report.files},
                    {"chains", report.chains},
                    {"first_seq", report.first_seq},
                    {"last_seq", report.head.seq},
                    {"last_hash", report.head.hash},
                    {"last_time", report.last_time},
                    {"seals", seals_json(report.seals)}};
  if (report.broken) {
    out["code"] = code_name(Code::audit_integrity);
    out["broken"] = {{"file", report.broken->file},
                     {"line", report.broken->line},
                     {"seq", report.broken->seq},
                     {"time", report.broken->time},
                     {"reason", report.broken->reason}};
  }
  return out;
}

// "91207:3f…": as an earlier `audit verify` printed it.
Result<audit::ChainHead> parse_known(std::string_view text) {
  audit::ChainHead out;
  auto const colon = text.find(':');
  auto const number = text.substr(0, colon);
  auto const* const end = number.data() + number.size();
  auto const [rest, error] = std::from_chars(number.data(), end, out.seq);
  bool const good = colon != std::string_view::npos && error == std::errc{} && rest == end &&
                    out.seq > 0 && text.size() == colon + 1 + 64;
  if (!good) {
    return make_error(Code::usage, "--known wants SEQ:HASH, as `audit verify` prints them");
  }
  out.hash = text.substr(colon + 1);
  return out;
}

Result<audit::VerifyOptions> verify_options(AuditVerifyOptions const& options,
                                            Context const& context) {
  audit::VerifyOptions out{.restarts = options.restarts,
                           .trust = {.bundles = {}, .signer = options.signer, .log = options.log},
                           .tail = options.tail,
                           .from = options.from,
                           .known = std::nullopt,
                           .now = context.clock.now()};
  if (!options.bundle.empty()) {
    AW_TRY(out.trust.bundles,
           read_bundle_file({.file = options.bundle, .trust_domain = options.trust_domain}));
  } else if (!options.signer.empty() || options.tail == audit::Tail::open) {
    return make_error(Code::usage, "--signer and --open are about signatures: give --bundle");
  }
  if (!options.known.empty()) {
    AW_TRY(out.known, parse_known(options.known));
  }
  return out;
}

Result<audit::VerifyReport> verify(std::vector<std::filesystem::path> const& files,
                                   audit::VerifyOptions how, Context& context) {
  if (files.front() == kStandardInput)
    return audit::verify_stream(context.in, "standard input", std::move(how));
  return audit::verify_files(files, std::move(how));
}

}  // namespace

Result<Exit> run_audit_verify(AuditVerifyOptions const& options, Context& context) {
  AW_TRY(auto how, verify_options(options, context));
  AW_TRY(auto const files, all_audit_files(options.files, context));
  AW_TRY(auto const report, verify(files, std::move(how), context));
  context.print("AuditVerify", report_json(report), [&](std::ostream& out) {
    if (report.whole() && context.verbosity == Verbosity::quiet) return;
    out << audit::verify_text(report) << '\n';
  });
  if (report.whole() && report.seals.checkpoints > 0 && !report.seals.checked) {
    context.say("signatures not checked: give --bundle");
  }
  // Nothing in it says that there never was anything.
  if (report.whole() && report.records == 0)
    context.say(
        "an emptied log looks the same: give --bundle, or a record known from elsewhere with "
        "--known");
  return report.whole() ? Exit::ok : exit_code(Code::audit_integrity);
}

void register_audit_verify(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuditVerifyOptions>();
  auto& group = add_group(parent, "audit", "Verify, search and follow the audit log");
  auto& command = add_command(
      group,
      {.name = "verify",
       .purpose = "Check that no record was changed, removed, added, moved or cut off",
       .examples =
           {"agentweave audit verify /var/log/agentweave/audit.log --bundle corp.example.json",
            "agentweave audit verify --config config.yaml --bundle bundle.pem --open",
            "agentweave audit verify /var/log/agentweave/audit.log -o json",
            "agentweave audit verify --allow-restarts - < captured.log"},
       .details =
           "Follows the hash chain through the files given and those rotated out of them, in the\n"
           "chain's order, and checks the signed checkpoints in it against a trust bundle; needs "
           "no\nnetwork. Without --bundle the chain alone is checked, which shows damage but no "
           "rewriting.\nExit codes: 0 whole, 7 broken; the first bad record is named.\n"});
  add_audit_files(command, options->files);
  command
      .add_option("--bundle", options->bundle,
                  "The trust bundle (PEM or SPIFFE JSON) that the signers' certificates lead to")
      ->type_name("FILE");
  command
      .add_option("--trust-domain", options->trust_domain,
                  "Whose bundle it is, when its certificates do not say")
      ->type_name("NAME");
  command.add_option("--signer", options->signer, "The only SPIFFE ID that may have signed")
      ->type_name("ID");
  command.add_option("--log", options->log, "The log it must be, as an earlier verification said")
      ->type_name("ID");
  command
      .add_option("--known", options->known,
                  "A record known from elsewhere, SEQ:HASH: it must be there")
      ->type_name("SEQ:HASH");
  add_number(command, "--from", options->from, "The files may begin at this record", "SEQ");
  command.add_flag_callback(
      "--open", [options] { options->tail = audit::Tail::open; },
      "The log is being written: its end is not sealed yet, but signed not long ago");
  command.add_flag_callback(
      "--allow-restarts", [options] { options->restarts = audit::Restarts::accepted; },
      "The log is captured output of a stream destination, whose chain begins anew at each start");
  on_answer(command, context, [options, &context] { return run_audit_verify(*options, context); });
}

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
#include "commands/federation.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "commands/support/command.h"
#include "commands/support/json_member.h"
#include "commands/support/table.h"
#include "commands/support/web.h"
#include "core/authz/policy_files.h"
#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/config/load.h"
#include "core/identity/bundle.h"

namespace aw::commands {
namespace {

using json::Json;

// The agent's answer, or its refusal as the error it was there.
Result<Json> federation_answer(Result<WebAnswer> answer) {
  if (!answer.ok()) return std::move(answer).error();
  if (answer->status == 401)
    return make_error(Code::check_failed, "the admin port does not know this token");
  if (answer->status == 404)
    return make_error(Code::check_failed, "this agent federates with nobody",
                      "set state.directory or identity.federation");
  AW_TRY(auto body, json::parse(answer->body));
  if (answer->status == 200) return body;
  return make_error(parse_code(text_at(body, "code")).value_or(Code::check_failed),
                    text_at(body, "message"), text_at(body, "hint"));
}

Result<Json> ask_agent(FederationOptions const& options, Context const& context,
                       std::string_view path, Json const* body) {
  AW_TRY(auto const address, admin_address(options.admin, context));
  auto const url = admin_url(address, path);
  return federation_answer(body == nullptr ? web_get(url, options.admin.timeout)
                                           : web_post(url, body->dump(), options.admin.timeout));
}

std::string age_of(Json const& row, char const* name, WallTime now) {
  auto const time = parse_rfc3339(text_at(row, name));
  if (!time) return "–";
  auto const apart = *time > now ? *time - now : now - *time;
  return format_duration(std::chrono::duration_cast<std::chrono::seconds>(apart));
}

std::string number_at(Json const& row, char const* name) {
  auto const value = member(row, name);
  return value.is_number() ? value.dump() : "–";
}

std::vector<std::string> status_row(Json const& row, WallTime now) {
  auto state = text_at(row, "state");
  auto const error = text_at(row, "last_error");
  if (!error.empty()) state += "  last error: " + text::printable(error);
  if (!error.empty() && !text_at(row, "trusted_until").empty())
    state += "; trusted until " + text_at(row, "trusted_until");
  return {text_at(row, "trust_domain"),
          text_at(row, "source"),
          number_at(row, "sequence"),
          number_at(row, "authorities"),
          age_of(row, "fetched", now),
          age_of(row, "next", now),
          state};
}

void write_status(std::ostream& out, Json const& rows, WallTime now) {
  std::vector<std::vector<std::string>> table;
  for (auto const& row : rows) table.push_back(status_row(row, now));
  write_table(out, {"DOMAIN", "SOURCE", "SEQ", "CAs", "AGE", "NEXT", "STATE"}, table);
}

Result<std::string> bootstrap_text(FederationOptions const& options, Context& context) {
  if (options.bootstrap.empty()) return std::string();
  AW_TRY(auto const domain, identity::TrustDomain::parse(options.domain));
  AW_TRY(auto text, fs::read_file(options.bootstrap, identity::Bundle::kMaxJsonBytes));
  AW_TRY(auto const bundle,
         with_context(identity::Bundle::parse_json(domain, text), options.bootstrap));
  for (auto const& authority : bundle.x509_authorities())
    context.say("bootstrap CA fingerprint sha256:" + authority.fingerprint_sha256() +
                " (compare it by another way)");
  return text;
}

// Files below the configuration's policy_dir that still name the domain.
std::size_t policies_with(FederationOptions const& options, Context const& context) {
  auto const loaded = config::load({.file = options.admin.config,
                                    .env = config::lookup_in(context.env),
                                    .backends = config::BackendRule::in_process});
  std::size_t count = 0;
  if (!loaded.ok() || loaded->config.authorization.policy_dir.empty()) return count;
  std::filesystem::path const root = loaded->config.authorization.policy_dir;
  auto const files = authz::policy_files_below(root.string());
  if (!files.ok()) return count;
  for (auto const& file : *files) {
    auto const extension = std::filesystem::path(file).extension();
    if (extension != ".rego" && extension != ".json" && extension != ".yaml") continue;
    auto const text = fs::read_file(root / file);
    if (text.ok() && text->contains(options.domain)) ++count;
  }
  return count;
}

}  // namespace

Result<void> run_federation_status(FederationOptions const& options, Context& context) {
  AW_TRY(auto const rows, ask_agent(options, context, "/federation", nullptr));
  context.print("FederationStatus", rows,
                [&](std::ostream& out) { write_status(out, rows, context.clock.now()); });
  return {};
}

Result<void> run_federation_add(FederationOptions const& options, Context& context) {
  AW_TRY(auto bootstrap, bootstrap_text(options, context));
  Json const body = {
      {"trust_domain", options.domain},
      {"url", options.url},
      {"profile", options.profile},
      {"endpoint_spiffe_id", options.endpoint_id},
      {"bootstrap", std::move(bootstrap)},
      {"ca_path",
       options.ca.empty() ? std::string() : std::filesystem::absolute(options.ca).string()}};
  AW_TRY(auto const done, ask_agent(options, context, "/federation/add", &body));
  for (auto const& row : member(done, "federation")) {
    if (text_at(row, "trust_domain") != options.domain) continue;
    context.print("FederationAdded", row, [&](std::ostream& out) {
      out << "checked: bundle parses, " << number_at(row, "authorities") << " CAs, seq "
          << number_at(row, "sequence") << ", next refresh in "
          << age_of(row, "next", context.clock.now()) << ", endpoint ok (" << text_at(row, "source")
          << ")\n";
    });
  }
  return {};
}

Result<void> run_federation_remove(FederationOptions const& options, Context& context) {
  Json const body = {{"trust_domain", options.domain}};
  AW_TRY(auto const done, ask_agent(options, context, "/federation/remove", &body));
  auto const policies = policies_with(options, context);
  Json data = {{"trust_domain", options.domain},
               {"connections", member(done, "connections")},
               {"policies", policies},
               {"audit_seq", member(done, "audit_seq")}};
  context.print("FederationRemoved", data, [&](std::ostream& out) {
    out << "closed " << number_at(done, "connections") << " connections, members of "
        << options.domain << " are strangers; " << policies
        << " policy files still mention it    (audit seq " << number_at(done, "audit_seq") << ")\n";
  });
  return {};
}

void register_federation(CLI::App& parent, Context& context) {
  auto& group =
      add_group(parent, "federation", "Bundles of other trust domains, of a running agent");
  auto status = std::make_shared<FederationOptions>();
  auto& show = add_command(
      group, {.name = "status",
              .purpose = "Print where each trust domain's bundle comes from, and how old it is",
              .examples = {"agentweave federation status --config config.yaml",
                           "agentweave federation status -o json"}});
  add_admin_options(show, status->admin);
  on_run(show, context, [status, &context] { return run_federation_status(*status, context); });

  auto added = std::make_shared<FederationOptions>();
  added->admin.timeout = std::chrono::seconds(30);
  auto& add = add_command(
      group,
      {.name = "add",
       .purpose = "Fetch another trust domain's bundle from its endpoint, from now on",
       .examples = {"agentweave federation add eu.example.com --url "
                    "https://spire.eu.example.com/bundle",
                    "agentweave federation add eu.example.com --url https://spire.eu.example.com/ "
                    "--profile https_spiffe --endpoint-id spiffe://eu.example.com/spire/server "
                    "--bootstrap eu.json"},
       .details = "The domain must be in identity.allowed_trust_domains, and the endpoint must "
                  "answer once.\nWhat is added is kept in state.directory and audited; for good, "
                  "write identity.federation."});
  add.add_option("TRUST_DOMAIN", added->domain, "Whose bundle")->required();
  add.add_option("--url", added->url, "Its bundle endpoint")->required()->type_name("URL");
  add.add_option("--profile", added->profile, "How the endpoint proves itself")
      ->check(CLI::IsMember({"https_web", "https_spiffe"}))
      ->capture_default_str();
  add.add_option("--endpoint-id", added->endpoint_id, "https_spiffe: who must answer")
      ->type_name("ID");
  add.add_option("--bootstrap", added->bootstrap,
                 "A bundle (SPIFFE JSON) to begin with; https_spiffe needs one")
      ->type_name("FILE");
  add.add_option("--ca", added->ca, "https_web: authorities (PEM) instead of the machine's")
      ->type_name("FILE");
  add_admin_options(add, added->admin);
  on_run(add, context, [added, &context] { return run_federation_add(*added, context); });

  auto removed = std::make_shared<FederationOptions>();
  auto& remove = add_command(
      group, {.name = "remove",
              .purpose = "Forget a trust domain that was added: its members become strangers",
              .examples = {"agentweave federation remove ap.example.com --config config.yaml"}});
  remove.add_option("TRUST_DOMAIN", removed->domain, "Whose bundle")->required();
  add_admin_options(remove, removed->admin);
  on_run(remove, context, [removed, &context] { return run_federation_remove(*removed, context); });
}

}  // namespace aw::commands

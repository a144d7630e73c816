// SPDX-License-Identifier: Apache-2.0
#include "commands/card_verify.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/card_trust.h"
#include "commands/support/command.h"
#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

constexpr std::size_t kMostCard = std::size_t{4} << 20;

Result<std::vector<tls::PublicKey>> given_keys(std::string const& file) {
  std::vector<tls::PublicKey> out;
  if (file.empty()) return out;
  AW_TRY(auto const pem, fs::read_file(file, 64U << 10));
  AW_TRY(auto key, with_context(a2a::parse_public_key(pem), file));
  out.push_back(std::move(key));
  return out;
}

// A file is bound to nobody by itself: to --spiffe-id, else to whoever signed it.
Result<a2a::VerifiedCard> check_file(std::string const& json, CardVerifyOptions const& options,
                                     a2a::CardTrust const& trust) {
  if (options.spiffe_id.empty()) {
    AW_TRY(auto verified, a2a::verify_card(json, trust));
    if (!verified.signer) return verified;
    auto const signer = *verified.signer;
    return a2a::verify_card_of(json, trust, signer);
  }
  AW_TRY(auto const id, identity::SpiffeId::parse(options.spiffe_id));
  return a2a::verify_card_of(json, trust, id);
}

Result<a2a::VerifiedCard> verify_file(CardVerifyOptions const& options, Context const& context) {
  AW_TRY(auto const json, fs::read_file(options.file, kMostCard));
  AW_TRY(auto keys, given_keys(options.key));
  if (!keys.empty()) {
    a2a::CardTrust const trust{
        .bundles = nullptr, .allowed = {}, .keys = std::move(keys), .now = context.clock.now()};
    return check_file(json, options, trust);
  }
  AW_TRY(auto const snapshot, fetch_identity(options.server.agent.identity, context));
  return check_file(json, options, trust_in(snapshot.bundles, context));
}

Result<a2a::VerifiedCard> verify_running(CardVerifyOptions const& options, Context const& context) {
  AW_TRY(auto const session, ServerSession::open(options.server, context));
  auto const deadline = context.clock.steady() + options.server.agent.timeout;
  AW_TRY(auto const fetched, io::run_blocking(session->card(deadline)));
  AW_TRY(auto keys, given_keys(options.key));
  if (keys.empty()) return judge_card(fetched, *session, context);
  a2a::CardTrust const trust{
      .bundles = nullptr, .allowed = {}, .keys = std::move(keys), .now = context.clock.now()};
  if (session->agent() == nullptr) return a2a::verify_card(fetched.json, trust);
  return a2a::verify_card_of(fetched.json, trust, session->agent()->peer().id);
}

}  // namespace

Result<void> run_card_verify(CardVerifyOptions const& options, Context& context) {
  bool const has_target = !options.server.agent.target.empty();
  if (has_target == !options.file.empty())
    return make_error(Code::usage, "give an agent or --file, one of the two",
                      "for example `agentweave card verify hello`");
  std::error_code ignored;
  if (auto const& target = options.server.agent.target;
      has_target && std::filesystem::is_regular_file(target, ignored))
    return make_error(Code::usage, target + " is a file, and an agent's name is asked for",
                      "agentweave card verify --file " + target);
  AW_TRY(auto const verified,
         has_target ? verify_running(options, context) : verify_file(options, context));
  auto const signer = verified.signer ? verified.signer->text() : "the given key";
  json::Json const data = {
      {"verified", true},
      {"signer", verified.signer ? json::Json(verified.signer->text()) : json::Json()},
      {"algorithm", verified.algorithm},
      {"key_id", verified.kid},
      {"signatures", verified.signatures},
      {"card", json::Json::parse(verified.card)}};
  context.print("CardVerification", data, [&](std::ostream& out) {
    out << "verified  signed by " << signer << "  " << verified.algorithm << "  key "
        << text::printable(verified.kid) << '\n';
  });
  return {};
}

void register_card_verify(CLI::App& parent, Context& context) {
  auto options = std::make_shared<CardVerifyOptions>();
  auto& group = add_group(parent, "card", "Agent cards: what an agent says it can do");
  auto& command = add_command(
      group,
      {.name = "verify",
       .purpose = "Check that a card is signed by the agent it is of",
       .examples = {"agentweave card verify hello --as client",
                    "agentweave card verify --file card.json --spiffe-id "
                    "spiffe://corp.example/agent/search",
                    "agentweave card verify --file card.json --key signer.pem"},
       .details =
           "The certificate chain in the signature must lead to a SPIFFE ID through the bundle of "
           "its trust domain,\nand that ID must be the one the agent proves in TLS and the card "
           "names. With --key, that key's\nsignature counts instead. Exit 7 when it does not "
           "hold.\n"});
  add_server_options(command, options->server);
  command.get_option("TARGET")->required(false);
  command.add_option("--file", options->file, "A card in a file instead")->type_name("FILE");
  command.add_option("--spiffe-id", options->spiffe_id, "Whose card the file must be")
      ->type_name("ID");
  command.add_option("--key", options->key, "PEM public key or certificate of the signer")
      ->type_name("FILE");
  on_run(command, context, [options, &context] { return run_card_verify(*options, context); });
}

}  // namespace aw::commands

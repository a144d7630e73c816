// SPDX-License-Identifier: Apache-2.0
#include "commands/card_sign.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/command.h"
#include "commands/support/payload.h"
#include "core/a2a/card_signature.h"
#include "core/base/fs.h"
#include "core/tls/key_file.h"

namespace aw::commands {
namespace {

Result<a2a::CardKey> signing_key(CardSignOptions const& options, Context const& context) {
  if (!options.key.empty()) {
    AW_TRY(auto key, tls::load_private_key(options.key));
    return a2a::card_key(std::move(key));
  }
  AW_TRY(auto const snapshot, fetch_identity(options.identity, context));
  return a2a::card_key(snapshot.svid());
}

// One signature a key: signing again replaces that key's own.
void put_signature(nlohmann::ordered_json& card, json::Json const& made) {
  auto kept = nlohmann::ordered_json::array();
  auto const found = card.find("signatures");
  if (found != card.end() && found->is_array())
    for (auto const& one : *found) {
      auto const header = one.is_object() ? one.find("protected") : one.end();
      bool const same = header != one.end() && header->is_string() &&
                        header->get<std::string>() == made["protected"].get<std::string>();
      if (!same) kept.push_back(one);
    }
  kept.push_back(nlohmann::ordered_json::parse(made.dump()));
  card["signatures"] = std::move(kept);
}

}  // namespace

Result<void> run_card_sign(CardSignOptions const& options, Context& context) {
  AW_TRY(auto const text,
         read_payload(options.card == "-" ? options.card : "@" + options.card, context));
  AW_TRY(auto const key, signing_key(options, context));
  AW_TRY(auto const parsed, json::parse(text));
  AW_TRY(auto const made, a2a::sign_card(parsed, key));
  auto card = nlohmann::ordered_json::parse(text);
  put_signature(card, made);
  auto const pretty = card.dump(2) + "\n";
  if (!options.file.empty() && options.file != "-") {
    AW_TRY(fs::write_file_atomic(options.file, pretty, fs::Mode::public_file));
    context.say("signed   key " + key.kid + ", written to " + options.file);
    return {};
  }
  context.print("AgentCard", json::Json::parse(pretty), [&](std::ostream& out) { out << pretty; });
  return {};
}

void register_card_sign(CLI::App& parent, Context& context) {
  auto options = std::make_shared<CardSignOptions>();
  auto& group = add_group(parent, "card", "Agent cards: what an agent says it can do");
  auto& command = add_command(
      group, {.name = "sign",
              .purpose = "Add a signature to a card",
              .examples = {"agentweave card sign card.json --as hello --file card.json",
                           "agentweave card sign card.json --key signer.pem"},
              .details = "Signs the 1.0 part of the document with the SVID's key (its certificate "
                         "chain goes into the signature)\nor with --key. Signatures of other keys "
                         "stay: two are there while a key is replaced.\n"});
  command.add_option("CARD", options->card, "The card's file; - reads stdin")
      ->required()
      ->type_name("FILE");
  command.add_option("--key", options->key, "PEM private key instead of the SVID's")
      ->type_name("FILE");
  command.add_option("--file", options->file, "Write it there")->type_name("FILE");
  add_identity_options(command, options->identity);
  on_run(command, context, [options, &context] { return run_card_sign(*options, context); });
}

}  // namespace aw::commands

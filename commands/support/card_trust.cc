// SPDX-License-Identifier: Apache-2.0
#include "commands/support/card_trust.h"

namespace aw::commands {

a2a::CardTrust trust_in(identity::Bundles const& bundles, Context const& context) {
  a2a::CardTrust trust{.bundles = &bundles, .allowed = {}, .keys = {}, .now = context.clock.now()};
  for (auto const& [domain, bundle] : bundles) trust.allowed.insert(domain);
  return trust;
}

Result<a2a::VerifiedCard> judge_card(a2a::FetchedCard const& fetched, ServerSession& session,
                                     Context const& context) {
  auto const* agent = session.agent();
  if (agent == nullptr)
    return make_error(Code::card_unverified,
                      "nobody proved a SPIFFE ID the card could be bound to");
  auto const& bundles = agent->credentials().snapshot().bundles;
  return a2a::verify_card_of(fetched.json, trust_in(bundles, context), agent->peer().id);
}

std::string signature_text(Result<a2a::VerifiedCard> const& judged) {
  if (judged.ok()) return "signed, bound to peer";
  return judged.error().message == "the card is not signed" ? "not signed" : "signature not good";
}

}  // namespace aw::commands

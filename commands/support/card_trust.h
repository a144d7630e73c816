// SPDX-License-Identifier: Apache-2.0
// Whose signature on a card a command believes: that of the agent that presented it, proven through
// the bundles the Workload API gave us.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/server.h"
#include "core/a2a/card_signature.h"

namespace aw::commands {

// Signers of every trust domain whose bundle is at hand: a signature proves who, not what for.
[[nodiscard]] a2a::CardTrust trust_in(identity::Bundles const& bundles, Context const& context);

// The card of a session's agent, bound to who presented it. Code::card_unverified; for a server
// without a SPIFFE ID too.
[[nodiscard]] Result<a2a::VerifiedCard> judge_card(a2a::FetchedCard const& fetched,
                                                   ServerSession& session, Context const& context);

// "signed, bound to peer", "not signed", "signature not good"
[[nodiscard]] std::string signature_text(Result<a2a::VerifiedCard> const& judged);

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
#include "commands/support/agent.h"
#include "commands/support/decision_text.h"
#include "commands/support/diagnosis.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

// Connects, shakes hands and verifies who answers; asks nothing of the peer but its card.
Finding look_at_peer(a2a::PeerAddress const& peer, Patient const& patient) {
  AgentOptions options;
  options.target = peer.spiffe_id;
  options.address = peer.address;
  options.timeout = patient.patience;
  options.identity.timeout = patient.patience;
  options.identity.socket = patient.config.identity.spiffe_endpoint;
  auto const name = peer.spiffe_id + " at " + peer.address;
  auto const session = AgentSession::open(options, patient.context);
  if (!session.ok()) return bad("peers", session.error(), "agentweave ping " + peer.spiffe_id);
  auto const until = patient.context.clock.steady() + patient.patience;
  auto const reply = io::run_blocking((*session)->client().card((*session)->peer(), until));
  if (!reply.ok())
    return bad("peers", reply.error().code, name + ": " + reply.error().message,
               reply.error().code == Code::peer_mismatch
                   ? "somebody else listens there: change peers[].address"
                   : "agentweave ping " + peer.spiffe_id + " --address " + peer.address);
  return good("peers", name + ", verified in " + milliseconds_text(reply->report.total));
}

}  // namespace

Findings check_peers(Patient const& patient) {
  Findings found;
  // Without the Workload API there is no identity to call with.
  if (patient.config.identity.provider != identity::Provider::spiffe) return found;
  for (auto const& peer : patient.config.discovery.peers)
    found.push_back(look_at_peer(peer, patient));
  return found;
}

}  // namespace aw::commands

package agentweave.authz

import rego.v1

default allow := false

# In: the client may start the team.
allow if {
	input.direction == "inbound"
	input.caller_spiffe_id == "spiffe://shop.test/agent/client"
	input.action == "collaborate"
}

# Out: the team may chat with the chat agent, and with nobody else.
allow if {
	input.direction == "outbound"
	input.callee_spiffe_id == "spiffe://shop.test/agent/chat"
	input.action == "chat"
}

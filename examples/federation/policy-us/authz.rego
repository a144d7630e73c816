package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.direction == "outbound"
	input.callee_spiffe_id == "spiffe://eu.test/agent/analyzer"
	input.action in {"echo", "get_card"}
}

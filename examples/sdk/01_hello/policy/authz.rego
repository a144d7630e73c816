package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id == "spiffe://hello.test/agent/client"
	input.action in {"greet", "get_card"}
}

package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id == "spiffe://shop.test/agent/client"
	input.action == "process"
}

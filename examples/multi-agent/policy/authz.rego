# The orchestrator may be asked by the client; its workers by the orchestrator alone.
package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id == "spiffe://shop.test/agent/client"
	input.callee_spiffe_id == "spiffe://shop.test/agent/orchestrator"
	input.action == "process_batch"
}

allow if {
	input.caller_spiffe_id == "spiffe://shop.test/agent/orchestrator"
	startswith(input.callee_spiffe_id, "spiffe://shop.test/agent/worker-")
	input.action == "process_item"
}

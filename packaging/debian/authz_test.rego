package agentweave.authz_test

import data.agentweave.authz
import rego.v1

test_a_stranger_is_denied if {
	not authz.allow with input as {"caller_spiffe_id": "spiffe://example.org/agent/stranger", "action": "echo"}
}

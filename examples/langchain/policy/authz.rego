# Who may ask whom for what. Both agents of the example read it; each way out and each way in is decided by it.
package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id in data.may[input.callee_spiffe_id][input.action]
}

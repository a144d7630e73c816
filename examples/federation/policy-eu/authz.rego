package agentweave.authz

import rego.v1

default allow := false

# A domain is trusted to say who its members are; which of them may do what is said here.
allow if {
	input.caller_spiffe_id == "spiffe://us.test/agent/processor"
	input.action == "echo"
}

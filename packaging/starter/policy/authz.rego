# What OPA is asked: change it and `docker-compose restart opa`.
package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id == "spiffe://starter.test/agent/client"
	input.action in {"greet", "status"}
}

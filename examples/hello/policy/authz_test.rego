package agentweave.authz_test

import data.agentweave.authz
import rego.v1

request(caller, action) := {
	"caller_spiffe_id": caller,
	"callee_spiffe_id": "spiffe://hello.test/agent/hello",
	"action": action,
}

test_a_client_may_greet if {
	authz.allow with input as request("spiffe://hello.test/agent/client", "greet")
}

test_a_client_may_ask_for_status if {
	authz.allow with input as request("spiffe://hello.test/agent/client", "status")
}

test_a_client_may_do_nothing_else if {
	not authz.allow with input as request("spiffe://hello.test/agent/client", "delete_all")
}

test_strangers_may_do_nothing if {
	not authz.allow with input as request("spiffe://hello.test.evil.example/agent/client", "greet")
}

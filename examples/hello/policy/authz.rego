# Who may ask this agent for what. What no rule allows is denied.
# `agentweave dev` reloads this file when you save it; `agentweave policy test policy` tests it.
package agentweave.authz

import rego.v1

default allow := false

# What agents of our own domain may do here. Add "list_tasks" and they may list their tasks.
public_actions := {"greet", "status"}

# Both names were proven by certificates before this is asked. The slash matters: without it
# hello.test.evil.example would match too.
allow if {
	startswith(input.caller_spiffe_id, "spiffe://hello.test/")
	startswith(input.callee_spiffe_id, "spiffe://hello.test/")
	input.action in public_actions
}

# METADATA
# title: Who may do what
# description: |
#   Nobody may do anything until it is written here. More examples: /usr/share/agentweave/policies.
package agentweave.authz

import rego.v1

default allow := false

# allow if {
# 	input.caller_spiffe_id == "spiffe://example.org/agent/planner"
# 	input.action in {"echo"}
# }

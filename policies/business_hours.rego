# METADATA
# title: Only during business hours
# description: |
#   Allows what the caller list allows, from hour 9 to hour 17 (UTC), both included, so that 17:59 is
#   still in. input.timestamp decides when it is given; without one the engine's clock does.
#
#   data.allowed_callers[callee]   SPIFFE IDs that may call the callee
#   data.always_actions            actions that are allowed around the clock
package agentweave.authz.business_hours

default allow := false

policy_id := "business-hours-v1"

allow if {
	listed
	business_hours
}

allow if {
	listed
	input.action in data.always_actions
}

listed if input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]

business_hours if {
	hour := time.clock(now)[0]
	hour >= 9
	hour <= 17
}

now := time.parse_rfc3339_ns(input.timestamp) if {
	input.timestamp
} else := time.now_ns()

reason := "allowed by policy" if {
	allow
} else := "caller is not listed" if {
	not listed
} else := "outside business hours"

# METADATA
# title: Calls from another trust domain
# description: |
#   Denies unless the caller's trust domain is listed, the callee and action are listed for that
#   domain, the request names itself, the quota (if one is given) is not used up, and (if asked for)
#   it is business hours.
#
#   data.federation.allowed_domains            trust domains that may call
#   data.federation.allowed_actions[domain][callee]   actions, or "*"
#   data.federation.business_hours_only        true: hour 9 to 17 (UTC), both included
package agentweave.authz.federation

default allow := false

policy_id := "federation-v2"

callee := object.get(input, "callee_spiffe_id", object.get(input, "resource_spiffe_id", ""))

allow if {
	cross_domain
	domain_allowed
	action_allowed
	request_named
	within_quota
	within_hours
}

caller_domain := trust_domain(input.caller_spiffe_id)

callee_domain := trust_domain(callee)

cross_domain if caller_domain != callee_domain

domain_allowed if caller_domain in data.federation.allowed_domains

action_allowed if {
	some action in data.federation.allowed_actions[caller_domain][callee]
	action in {input.action, "*"}
}

request_named if {
	is_string(input.context.request_id)
	input.context.request_id != ""
}

# No quota given: none to keep to.
within_quota if not has_quota

within_quota if input.context.rate_limit_remaining > 0

has_quota if object.get(input, ["context", "rate_limit_remaining"], null) != null

within_hours if not data.federation.business_hours_only

within_hours if {
	[hour, _, _] := time.clock(time.parse_rfc3339_ns(input.timestamp))
	hour >= 9
	hour <= 17
}

trust_domain(id) := split(trim_prefix(id, "spiffe://"), "/")[0] if {
	regex.match(`^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)+$`, id)
}

audit := {
	"caller_domain": caller_domain,
	"callee_domain": callee_domain,
	"request_id": object.get(input, ["context", "request_id"], ""),
	"policy_id": policy_id,
}

# The first step that fails.
reason := "allowed by policy" if {
	allow
} else := "not a call between trust domains" if {
	not cross_domain
} else := "trust domain is not allowed" if {
	not domain_allowed
} else := "action is not allowed for this trust domain" if {
	not action_allowed
} else := "request has no id" if {
	not request_named
} else := "quota is used up" if {
	not within_quota
} else := "outside business hours"

package agentweave.authz.business_hours_test

import data.agentweave.authz.business_hours

caller := "spiffe://corp.example/agent/planner"

callee := "spiffe://corp.example/agent/billing"

callers := {callee: [caller]}

at(timestamp) := {
	"caller_spiffe_id": caller,
	"callee_spiffe_id": callee,
	"action": "invoice",
	"timestamp": timestamp,
}

test_denies_without_input if {
	business_hours.allow == false with input as {}
}

test_hours_nine_to_seventeen_are_in if {
	business_hours.allow with input as at("2026-11-23T09:00:00Z") with data.allowed_callers as callers
	business_hours.allow with input as at("2026-11-23T17:59:59Z") with data.allowed_callers as callers
	business_hours.reason == "allowed by policy" with input as at("2026-11-23T12:00:00Z")
		with data.allowed_callers as callers
}

test_other_hours_are_out if {
	not business_hours.allow with input as at("2026-11-23T08:59:59Z") with data.allowed_callers as callers
	not business_hours.allow with input as at("2026-11-23T18:00:00Z") with data.allowed_callers as callers
	business_hours.reason == "outside business hours" with input as at("2026-11-23T22:00:00Z")
		with data.allowed_callers as callers
}

test_some_actions_have_no_hours if {
	business_hours.allow with input as at("2026-11-23T22:00:00Z")
		with data.allowed_callers as callers
		with data.always_actions as ["invoice"]
}

test_unlisted_caller_is_denied if {
	not business_hours.allow with input as at("2026-11-23T12:00:00Z") with data.allowed_callers as {}
	business_hours.reason == "caller is not listed" with input as at("2026-11-23T12:00:00Z")
		with data.allowed_callers as {}
}

test_without_a_timestamp_the_clock_decides if {
	timeless := object.remove(at(""), ["timestamp"])
	business_hours.allow with input as timeless
		with data.allowed_callers as callers
		with time.now_ns as time.parse_rfc3339_ns("2026-11-23T12:00:00Z")
	not business_hours.allow with input as timeless
		with data.allowed_callers as callers
		with time.now_ns as time.parse_rfc3339_ns("2026-11-23T20:00:00Z")
}

test_policy_has_a_name if business_hours.policy_id == "business-hours-v1"

package agentweave.authz.federation_test

import data.agentweave.authz.federation

caller := "spiffe://eu.example.com/agent/analyzer"

callee := "spiffe://us.example.com/agent/processor"

rules := {
	"allowed_domains": ["eu.example.com"],
	"allowed_actions": {"eu.example.com": {callee: ["process"]}},
}

asked := {
	"caller_spiffe_id": caller,
	"callee_spiffe_id": callee,
	"action": "process",
	"timestamp": "2026-11-23T12:00:00Z",
	"context": {"request_id": "r-1"},
}

changed(change) := object.union(asked, change)

test_denies_without_input if {
	federation.allow == false with input as {}
}

test_listed_domain_and_action_are_allowed if {
	federation.allow with input as asked with data.federation as rules
	federation.reason == "allowed by policy" with input as asked with data.federation as rules
}

test_resource_is_another_name_for_callee if {
	federation.allow with input as object.union(object.remove(asked, ["callee_spiffe_id"]), {"resource_spiffe_id": callee})
		with data.federation as rules
}

test_denies_without_rules if {
	not federation.allow with input as asked with data.federation as {}
	federation.reason == "trust domain is not allowed" with input as asked with data.federation as {}
}

test_same_domain_is_not_federation if {
	same := changed({"caller_spiffe_id": "spiffe://us.example.com/agent/analyzer"})
	not federation.allow with input as same with data.federation as rules
	federation.reason == "not a call between trust domains" with input as same with data.federation as rules
}

test_unlisted_domain_is_denied if {
	not federation.allow with input as changed({"caller_spiffe_id": "spiffe://ap.example.com/agent/analyzer"})
		with data.federation as rules
}

test_unlisted_action_is_denied if {
	other := changed({"action": "delete"})
	not federation.allow with input as other with data.federation as rules
	federation.reason == "action is not allowed for this trust domain" with input as other
		with data.federation as rules
}

test_star_is_every_action if {
	federation.allow with input as changed({"action": "delete"})
		with data.federation as {
			"allowed_domains": ["eu.example.com"],
			"allowed_actions": {"eu.example.com": {callee: ["*"]}},
		}
}

test_request_needs_an_id if {
	nameless := object.remove(asked, ["context"])
	not federation.allow with input as nameless with data.federation as rules
	federation.reason == "request has no id" with input as nameless with data.federation as rules
}

test_quota if {
	used := changed({"context": {"request_id": "r-1", "rate_limit_remaining": 0}})
	not federation.allow with input as used with data.federation as rules
	federation.reason == "quota is used up" with input as used with data.federation as rules
	federation.allow with input as changed({"context": {"request_id": "r-1", "rate_limit_remaining": 3}})
		with data.federation as rules
}

test_business_hours if {
	only := object.union(rules, {"business_hours_only": true})
	federation.allow with input as changed({"timestamp": "2026-11-23T09:00:00Z"}) with data.federation as only
	federation.allow with input as changed({"timestamp": "2026-11-23T17:59:59Z"}) with data.federation as only
	not federation.allow with input as changed({"timestamp": "2026-11-23T18:00:00Z"}) with data.federation as only
	not federation.allow with input as changed({"timestamp": "2026-11-23T08:59:59Z"}) with data.federation as only
	federation.reason == "outside business hours" with input as changed({"timestamp": "2026-11-23T08:59:59Z"})
		with data.federation as only
}

test_audit_names_the_domains if {
	federation.audit == {
		"caller_domain": "eu.example.com",
		"callee_domain": "us.example.com",
		"request_id": "r-1",
		"policy_id": "federation-v2",
	} with input as asked
}

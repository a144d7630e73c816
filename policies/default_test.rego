package agentweave.authz_test

import data.agentweave.authz

planner := "spiffe://corp.example/agent/planner"

billing := "spiffe://corp.example/agent/billing"

stranger := "spiffe://evil.example/agent/planner"

# No list but what a test gives: the data that is loaded beside these tests does not matter.
nothing := {}

asked(caller, callee, action) := {
	"caller_spiffe_id": caller,
	"callee_spiffe_id": callee,
	"action": action,
}

test_denies_without_input if {
	not authz.allow with input as {}
	authz.allow == false with input as {}
}

test_same_trust_domain_is_allowed if {
	authz.allow with input as asked(planner, billing, "invoice")
}

test_same_trust_domain_can_be_switched_off if {
	not authz.allow with input as asked(planner, billing, "invoice")
		with data.config.same_domain as false
		with data.allowed_callers as nothing
		with data.roles as nothing
}

test_other_trust_domain_is_denied if {
	not authz.allow with input as asked(stranger, billing, "invoice")
}

test_a_name_alone_gives_nothing if {
	not authz.allow with input as asked("spiffe://evil.example/agent/orchestrator", billing, "invoice")
		with data.roles as {"orchestrator": {"billing": ["invoice"]}}
}

test_listed_caller_is_allowed_from_anywhere if {
	authz.allow with input as asked(stranger, billing, "refund")
		with data.allowed_callers as {billing: [stranger]}
}

test_listed_action_is_allowed if {
	authz.allow with input as asked(stranger, billing, "status")
		with data.allowed_actions as {billing: {stranger: ["status"]}}
}

test_unlisted_action_is_denied if {
	not authz.allow with input as asked(stranger, billing, "refund")
		with data.allowed_actions as {billing: {stranger: ["status"]}}
}

test_star_is_every_action if {
	authz.allow with input as asked(stranger, billing, "refund")
		with data.allowed_actions as {billing: {stranger: ["*"]}}
}

test_roles_within_the_domain if {
	authz.allow with input as asked(planner, billing, "invoice")
		with data.config.same_domain as false
		with data.allowed_callers as nothing
		with data.roles as {"planner": {"billing": ["invoice"]}}
	not authz.allow with input as asked(planner, billing, "refund")
		with data.config.same_domain as false
		with data.allowed_callers as nothing
		with data.roles as {"planner": {"billing": ["invoice"]}}
}

test_a_ban_wins if {
	not authz.allow with input as asked(planner, billing, "invoice")
		with data.banned_agents as [planner]
		with data.allowed_callers as {billing: [planner]}
	authz.deny == {"caller is banned"} with input as asked(planner, billing, "invoice")
		with data.banned_agents as [planner]
	not authz.allow with input as asked(planner, billing, "invoice")
		with data.banned_agents as [billing]
}

test_malformed_ids_are_denied if {
	every id in ["", "planner", "http://corp.example/agent/planner", "spiffe://corp.example", "spiffe:///agent/x", 7, null] {
		not authz.allow with input as asked(id, billing, "invoice")
		not authz.allow with input as asked(planner, id, "invoice")
	}
}

test_resource_is_another_name_for_callee if {
	authz.allow with input as {"caller_spiffe_id": planner, "resource_spiffe_id": billing, "action": "x"}
}

test_one_reason_at_a_time if {
	authz.reason == "allowed by policy" with input as asked(planner, billing, "invoice")
	authz.reason == "no rule allows this caller to do this here" with input as asked(stranger, billing, "x")
	authz.reason == "caller or callee is not a SPIFFE ID" with input as {}
	authz.reason == "caller or callee is banned" with input as asked(planner, billing, "x")
		with data.banned_agents as [planner]
}

test_the_whole_package_is_one_document if {
	whole := authz with input as asked(planner, billing, "invoice")
	whole.allow == true
	whole.decision == true
	whole.policy_id == "default-v2"
	whole.deny == set()
}

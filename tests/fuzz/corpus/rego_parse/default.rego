# METADATA
# title: Who may call whom
# description: |
#   Denies unless a rule allows. Decides on input.caller_spiffe_id, input.callee_spiffe_id and
#   input.action. An explicit ban wins over everything. `deny` holds the reasons of bans; a caller
#   that reads the whole package must honour it.
#
#   data.allowed_callers[callee]        SPIFFE IDs that may call the callee, any action
#   data.allowed_actions[callee][caller] actions (or "*") that the caller may ask of the callee
#   data.roles[role][callee role]       actions between roles of one trust domain; the role is the
#                                       name behind /agent/
#   data.banned_agents                  SPIFFE IDs that may do nothing
#   data.config.same_domain             false: agents of one trust domain no longer trust each other
package agentweave.authz

default allow := false

default decision := false

policy_id := "default-v2"

callee := object.get(input, "callee_spiffe_id", object.get(input, "resource_spiffe_id", ""))

# Everyone the callee lists, from wherever the list says.
allow if {
	not banned
	valid_ids
	input.caller_spiffe_id in data.allowed_callers[callee]
}

# One action at a time.
allow if {
	not banned
	valid_ids
	some action in data.allowed_actions[callee][input.caller_spiffe_id]
	action in {input.action, "*"}
}

# Agents of one trust domain trust each other, unless the data says otherwise.
allow if {
	not banned
	valid_ids
	not data.config.same_domain == false
	same_trust_domain
}

# Roles talk within their own trust domain only.
allow if {
	not banned
	valid_ids
	same_trust_domain
	input.action in data.roles[role(input.caller_spiffe_id)][role(callee)]
}

# What a policy path of the older form asks for.
decision := allow

deny contains "caller is banned" if banned

banned if input.caller_spiffe_id in data.banned_agents

banned if callee in data.banned_agents

valid_ids if {
	trust_domain(input.caller_spiffe_id)
	trust_domain(callee)
}

same_trust_domain if trust_domain(input.caller_spiffe_id) == trust_domain(callee)

# The part between spiffe:// and the path; undefined for what is no SPIFFE ID.
trust_domain(id) := split(trim_prefix(id, "spiffe://"), "/")[0] if {
	regex.match(`^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)+$`, id)
}

# spiffe://domain/agent/NAME[/…]: NAME.
role(id) := parts[4] if {
	parts := split(id, "/")
	parts[3] == "agent"
}

# Exactly one reason at a time.
reason := "caller or callee is banned" if {
	banned
} else := "allowed by policy" if {
	allow
} else := "caller or callee is not a SPIFFE ID" if {
	not valid_ids
} else := "no rule allows this caller to do this here"

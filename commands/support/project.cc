// SPDX-License-Identifier: Apache-2.0
#include "commands/support/project.h"

#include <algorithm>

#include "core/base/text.h"

namespace aw::commands {
namespace {

// In the texts below NAME stands for the agent's name and DOMAIN for its trust domain.
constexpr std::string_view kDevConfig =
    R"(# For your own machine: `agentweave dev` brings the identity and evaluates the policy itself.
agent:
  name: NAME
  trust_domain: DOMAIN
  description: greets whoever asks
  environment: development
  capabilities:
    - name: greet
      description: greets the name in the payload
      backend: {type: builtin, name: greet}
    - name: status
      description: says that it is well
      backend: {type: builtin, name: status}
identity:
  provider: dev
authorization:
  provider: opa
  policy_dir: policy
  policy_path: agentweave/authz/allow
  cache_ttl_seconds: 0
  audit:
    destination: stderr
server:
  host: 127.0.0.1
  port: 8443
observability:
  logging:
    format: text
    level: WARNING
)";

constexpr std::string_view kConfig =
    R"(# For production: identity from SPIRE, policy from the directory beside this file.
#   agentweave config validate config.yaml --env production
#   agentweave serve config.yaml
agent:
  name: NAME
  trust_domain: DOMAIN
  description: greets whoever asks
  capabilities:
    - name: greet
      description: greets the name in the payload
      backend: {type: builtin, name: greet}
    # Your own code, in any language: it gets the payload as JSON and answers JSON.
    # - name: process
    #   description: what it does
    #   backend: {type: http, url: "http://127.0.0.1:9000/process"}
    - name: status
      description: says that it is well
      backend: {type: builtin, name: status}
identity:
  provider: spiffe
  spiffe_endpoint: unix:///run/spire/sockets/agent.sock
authorization:
  provider: opa
  policy_dir: policy               # or ask OPA servers: opa_endpoints: ["http://opa-1:8181"]
  policy_path: agentweave/authz/allow
  default_action: deny
  audit:
    destination: file:///var/log/agentweave/audit.log
transport:
  tls_min_version: "1.3"
  peer_verification: strict
server:
  host: 0.0.0.0
  port: 8443
observability:
  metrics:
    port: 9090
)";

constexpr std::string_view kPolicy =
    R"(# Who may ask this agent for what. What no rule allows is denied.
# `agentweave dev` reloads this file when you save it; `agentweave policy test policy` tests it.
package agentweave.authz

import rego.v1

default allow := false

# What agents of our own domain may do here. Add "list_tasks" and they may list their tasks.
public_actions := {"greet", "status"}

# Both names were proven by certificates before this is asked. The slash matters: without it
# DOMAIN.evil.example would match too.
allow if {
	startswith(input.caller_spiffe_id, "spiffe://DOMAIN/")
	startswith(input.callee_spiffe_id, "spiffe://DOMAIN/")
	input.action in public_actions
}
)";

constexpr std::string_view kPolicyTest = R"(package agentweave.authz_test

import data.agentweave.authz
import rego.v1

request(caller, action) := {
	"caller_spiffe_id": caller,
	"callee_spiffe_id": "spiffe://DOMAIN/agent/NAME",
	"action": action,
}

test_a_client_may_greet if {
	authz.allow with input as request("spiffe://DOMAIN/agent/client", "greet")
}

test_a_client_may_ask_for_status if {
	authz.allow with input as request("spiffe://DOMAIN/agent/client", "status")
}

test_a_client_may_do_nothing_else if {
	not authz.allow with input as request("spiffe://DOMAIN/agent/client", "delete_all")
}

test_strangers_may_do_nothing if {
	not authz.allow with input as request("spiffe://DOMAIN.evil.example/agent/client", "greet")
}
)";

constexpr std::string_view kReadme = R"(# NAME

An agent that only verified callers reach, and only for what policy allows.

```
agentweave dev                                              # run it here: identity and policy built in
agentweave call NAME greet '{"name":"Ada"}' --as client     # in a second terminal: allowed
agentweave call NAME delete_all '{}' --as client            # denied, exit code 3
```

| file | what it is |
|---|---|
| `config.dev.yaml` | for your own machine (`agentweave dev`) |
| `config.yaml` | for production (`agentweave serve config.yaml`); needs SPIRE |
| `policy/authz.rego` | who may do what |
| `policy/authz_test.rego` | its tests (`agentweave policy test policy`) |

Put your own code behind a capability in `capabilities`: an HTTP service, a command, another agent.
)";

std::string filled(std::string_view text, ProjectNames const& names) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("NAME")) {
      out += names.agent;
      text.remove_prefix(4);
    } else if (text.starts_with("DOMAIN")) {
      out += names.trust_domain;
      text.remove_prefix(6);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

bool letter(char c) { return c >= 'a' && c <= 'z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::vector<ProjectFile> project_files(ProjectNames const& names) {
  return {{"config.dev.yaml", filled(kDevConfig, names)},
          {"config.yaml", filled(kConfig, names)},
          {"policy/authz.rego", filled(kPolicy, names)},
          {"policy/authz_test.rego", filled(kPolicyTest, names)},
          {"README.md", filled(kReadme, names)}};
}

Result<std::string> agent_name_from(std::string_view directory) {
  constexpr std::size_t kLongest = 63;  // it also becomes a DNS label of the trust domain
  std::string name = text::lower(directory);
  std::ranges::replace_if(name, [](char c) { return !letter(c) && !digit(c); }, '-');
  while (!name.empty() && !letter(name.front())) name.erase(0, 1);
  if (name.size() > kLongest) name.resize(kLongest);
  while (name.ends_with('-')) name.pop_back();
  if (name.empty()) {
    return make_error(Code::usage, "\"" + std::string(directory) + "\" makes no name for an agent",
                      "give one with --name: a lower-case letter, then letters, digits or hyphens");
  }
  return name;
}

}  // namespace aw::commands

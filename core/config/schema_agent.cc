// SPDX-License-Identifier: Apache-2.0
// Rows of `agent`: who it is, what it can do, and where each capability runs.
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

Slot capabilities_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.agent.capabilities.size(); },
                  [&config](std::size_t size) {
                    config.agent.capabilities.resize(size);
                    config.backends.resize(size);
                  }};
}

}  // namespace

void add_agent(std::vector<Field>& rows) {
  using C = Config;
  using A = a2a::AgentInfo;
  rows.push_back(field("agent.name", "the agent's name", &C::agent, &A::name)
                     .required()
                     .checked(checks::agent_name, "lowercase letters, digits, hyphens")
                     .matching("^[a-z][a-z0-9-]*$")
                     .example("billing"));
  rows.push_back(field("agent.trust_domain", "the SPIFFE trust domain the agent belongs to",
                       &C::agent, &A::trust_domain)
                     .required()
                     .env("AGENTWEAVE_TRUST_DOMAIN")
                     .checked(checks::trust_domain, "a SPIFFE trust domain name")
                     .example("corp.example"));
  rows.push_back(
      field("agent.description", "what the agent does, for its card", &C::agent, &A::description)
          .example("answers questions about invoices"));
  rows.push_back(
      field("agent.version", "the agent's own version, for its card", &C::agent, &A::version)
          .checked(checks::not_empty, "any text"));
  rows.push_back(
      choice("agent.environment", "how strict to be; --env and AGENTWEAVE_ENV win over the file",
             {name("production", Environment::production), name("staging", Environment::staging),
              name("development", Environment::development), name("prod", Environment::production),
              name("stage", Environment::staging), name("dev", Environment::development)},
             &C::environment)
          .env("AGENTWEAVE_ENV")
          .env("AGENTWEAVE_ENVIRONMENT"));
  rows.push_back(special("agent.capabilities", "what the agent can do, and where each runs",
                         Type::maps, capabilities_slot)
                     .example("[{name: echo, description: answers what it was sent, backend: "
                              "{type: builtin, name: echo}}]"));
}

void add_capabilities(std::vector<Field>& rows) {
  using C = Config;
  using A = a2a::AgentInfo;
  using P = a2a::Capability;
  using B = backend::Config;
  const auto all = &A::capabilities;
  rows.push_back(field("agent.capabilities[].name", "the capability's name: the action of policies",
                       &C::agent, all, &P::name)
                     .required()
                     .checked(checks::capability_name, "lowercase letters, digits, underscores")
                     .matching("^[a-z][a-z0-9_]*$")
                     .example("process_data"));
  rows.push_back(field("agent.capabilities[].description", "what it does, for the card", &C::agent,
                       all, &P::description)
                     .required());
  rows.push_back(field("agent.capabilities[].input_modes", "media types it accepts", &C::agent, all,
                       &P::input_modes)
                     .checked(checks::media_type, "media types"));
  rows.push_back(field("agent.capabilities[].output_modes", "media types it answers with",
                       &C::agent, all, &P::output_modes)
                     .checked(checks::media_type, "media types"));
  Field parameters = field(
      "agent.capabilities[].parameters",
      "JSON Schema of its payload (drafts 4 to 7): each call is held against it, and cards show it",
      &C::agent, all, &P::parameters);
  parameters.type = Type::json;
  rows.push_back(std::move(parameters).example("{type: object}"));
  rows.push_back(field("agent.capabilities[].timeout_seconds", "how long one call may run",
                       &C::agent, all, &P::timeout)
                     .in(0.001, 86'400));
  rows.push_back(
      choice("agent.capabilities[].backend.type", "what runs it",
             {name("http", backend::Kind::http), name("a2a", backend::Kind::a2a),
              name("exec", backend::Kind::exec), name("builtin", backend::Kind::builtin)},
             &C::backends, &B::kind)
          .example("http"));
  rows.push_back(field("agent.capabilities[].backend.url", "http and a2a: where it listens",
                       &C::backends, &B::url)
                     .checked(checks::backend_url, "http://, https:// or unix:///path.sock:/target")
                     .example("http://127.0.0.1:9000/process"));
  rows.push_back(choice("agent.capabilities[].backend.binding",
                        "a2a: the binding it is called in; card = what its card puts first",
                        {name("card", backend::Wire::card), name("jsonrpc", backend::Wire::jsonrpc),
                         name("rest", backend::Wire::rest), name("grpc", backend::Wire::grpc)},
                        &C::backends, &B::binding));
  rows.push_back(
      field("agent.capabilities[].backend.name", "builtin: which one", &C::backends, &B::name)
          .example("echo"));
  rows.push_back(field("agent.capabilities[].backend.command",
                       "exec: program and arguments; no shell sees them", &C::backends, &B::command)
                     .program()
                     .example("[./report.sh]"));
  rows.push_back(field("agent.capabilities[].backend.working_directory",
                       "exec: where it runs; empty = where we run", &C::backends,
                       &B::working_directory)
                     .file());
  rows.push_back(field("agent.capabilities[].backend.environment",
                       "exec: NAME=value to set, NAME to pass on; nothing else is passed",
                       &C::backends, &B::environment));
  rows.push_back(field("agent.capabilities[].backend.headers",
                       "http: name=value, sent with each call beside ours", &C::backends,
                       &B::headers)
                     .checked(checks::backend_header, "name=value, but for names that are ours")
                     .named()
                     .secret()
                     .example("[\"authorization=Bearer ${secret:search_key}\"]"));
  rows.push_back(field("agent.capabilities[].backend.max_output_bytes",
                       "largest answer taken from it", &C::backends, &B::max_output_bytes)
                     .in(1, 1U << 30));
}

}  // namespace aw::config

// SPDX-License-Identifier: Apache-2.0
// What a policy sees as `input`: the superset of every shape people already write policies for.
// Pure.
//
// caller_spiffe_id, callee_spiffe_id (= resource_spiffe_id), their trust domains, action,
// direction, method, binding, skill, task_id, context_id, timestamp; nested caller{spiffe_id,
// trust_domain, path, name}, agent{…}, request{method, action, params, timestamp}, context{what the
// caller sent along, remote_addr, request_id}. What is not known is absent, never an empty string.
#pragma once

#include <string>
#include <string_view>

#include "core/authz/authz.h"
#include "core/rego/value.h"

namespace aw::authz {

// The value of `input`.
// context_json that is no JSON object is left out. What this process knows stands above what the
// caller sent along.
[[nodiscard]] rego::Value opa_input(AuthzContext const& context);
// The body of a request to OPA: {"input": …}.
[[nodiscard]] std::string opa_request_body(AuthzContext const& context);

// "10.2.3.4:5123" -> "10.2.3.4": a policy may look at the address, the port is noise.
[[nodiscard]] std::string_view address_without_port(std::string_view remote_address);

}  // namespace aw::authz

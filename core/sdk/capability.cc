// SPDX-License-Identifier: Apache-2.0
#include "core/sdk/capability.h"

#include <exception>
#include <utility>

#include "core/config/checks.h"

namespace aw::sdk {

Result<void> register_capability(Capabilities& known, Capability capability) {
  if (auto wrong = config::checks::capability_name(capability.name); !wrong.empty())
    return make_error(Code::usage, "capability \"" + capability.name + "\": " + wrong);
  if (!capability.handler)
    return make_error(Code::usage, "capability " + capability.name + " has no handler");
  if (known.contains(capability.name))
    return make_error(Code::usage, "capability " + capability.name + " is there already");
  if (!capability.parameters.empty()) {
    AW_TRY(with_context(rego::JsonSchema::parse(capability.parameters),
                        "parameters of capability " + capability.name));
  }
  auto name = capability.name;
  known.emplace(std::move(name), std::move(capability));
  return {};
}

Result<std::string> run_handler(Handler const& handler, Call const& call, Progress& progress) {
  try {
    return handler(call, progress);
  } catch (std::exception const& thrown) {
    return make_error(Code::internal,
                      "the handler of " + call.capability + " threw: " + thrown.what());
  } catch (...) {
    return make_error(Code::internal, "the handler of " + call.capability + " threw");
  }
}

}  // namespace aw::sdk

// SPDX-License-Identifier: Apache-2.0
// What this agent says of itself, as text: the unsigned card. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/a2a/card.h"

namespace aw::a2a {

// `base` has no slash at its end: "https://agent.example:8443".
[[nodiscard]] std::string card_document(CardOptions const& options, CardRequest::Form form,
                                        std::string_view base);

}  // namespace aw::a2a

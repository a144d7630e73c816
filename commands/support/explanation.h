// SPDX-License-Identifier: Apache-2.0
// How explanations are shaded on this terminal.
#pragma once

#include "commands/support/context.h"
#include "core/authz/explain.h"

namespace aw::commands {

// `context` outlives it.
[[nodiscard]] inline authz::Paint explanation_paint(Context const& context) {
  return [&context](authz::Tone tone, std::string const& text) {
    switch (tone) {
      case authz::Tone::plain:
        break;
      case authz::Tone::good:
        return context.paint_out(Style::good, text);
      case authz::Tone::bad:
        return context.paint_out(Style::bad, text);
      case authz::Tone::dim:
        return context.paint_out(Style::dim, text);
    }
    return text;
  };
}

}  // namespace aw::commands

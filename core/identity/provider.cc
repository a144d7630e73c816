// SPDX-License-Identifier: Apache-2.0
#include "core/identity/provider.h"

namespace aw::identity {

std::string_view state_name(ProviderState state) {
  switch (state) {
    case ProviderState::waiting:
      return "waiting";
    case ProviderState::serving:
      return "serving";
    case ProviderState::denied:
      return "denied";
    case ProviderState::unreachable:
      return "unreachable";
    case ProviderState::expired:
      return "expired";
  }
  return "unknown";
}

}  // namespace aw::identity

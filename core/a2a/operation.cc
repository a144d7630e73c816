// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/operation.h"

namespace aw::a2a {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::send:
      return "send";
    case Kind::stream:
      return "stream";
    case Kind::get:
      return "get";
    case Kind::cancel:
      return "cancel";
    case Kind::subscribe:
      return "subscribe";
    case Kind::list:
      return "list";
    case Kind::extended_card:
      return "extended_card";
    case Kind::authorize_only:
      return "authorize_only";
  }
  return "unknown";
}

std::string_view binding_name(Binding binding) {
  switch (binding) {
    case Binding::tasks:
      return "http";
    case Binding::json_rpc:
      return "jsonrpc";
    case Binding::http_json:
      return "rest";
  }
  return "unknown";
}

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::plain:
      return "faq";
    case Dialect::v1_0:
      return "1.0";
    case Dialect::v0_3:
      return "0.3";
  }
  return "unknown";
}

}  // namespace aw::a2a

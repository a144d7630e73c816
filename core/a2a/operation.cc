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
    case Kind::push_create:
      return "push_create";
    case Kind::push_get:
      return "push_get";
    case Kind::push_list:
      return "push_list";
    case Kind::push_delete:
      return "push_delete";
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
    case Binding::grpc:
      return "grpc";
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

std::string scope_of(Operation const& operation, Caller const& caller) {
  return operation.tenant.empty() ? caller.id : caller.id + " " + operation.tenant;
}

std::string_view caller_in(std::string_view scope) { return scope.substr(0, scope.find(' ')); }

}  // namespace aw::a2a

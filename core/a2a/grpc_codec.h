// SPDX-License-Identifier: Apache-2.0
// Protobuf messages to the JSON that all bindings share, and back: gRPC requests are read, checked
// and answered by the very code that serves JSON-RPC and REST.
//
// Pure; any thread. No protobuf type leaves this file. ProtoJSON (protobuf's own JSON mapping) is
// what A2A §HTTP+JSON is written in, so nothing is lost on the way but numbers beyond double's
// precision, which google.protobuf.Value cannot carry either.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/a2a/operation.h"
#include "core/base/result.h"

namespace aw::a2a {

// "Task" of the dialect's package: "lf.a2a.v1.Task", "a2a.v1.Task".
[[nodiscard]] std::string grpc_type(Dialect dialect, std::string_view message);

// A message of this (full) name as JSON. Code::request_malformed; Code::internal for a type that
// does not exist.
[[nodiscard]] Result<std::string> grpc_to_json(std::string_view type, std::string_view bytes);
// JSON as the bytes of such a message; members it does not have are left out. Code::internal for a
// type that does not exist, Code::backend_answer_malformed for JSON it cannot hold.
[[nodiscard]] Result<std::string> grpc_from_json(std::string_view type, std::string_view json);

// google.rpc.Status with one ErrorInfo: what stands in grpc-status-details-bin, before base64.
// Views are read before the call returns.
struct GrpcError {
  int status = 13;
  std::string_view message;
  std::string_view reason;
  std::string_view domain;
  std::span<const std::pair<std::string_view, std::string>> metadata;
  std::string_view field;  // of a google.rpc.BadRequest; empty = none
};
[[nodiscard]] std::string grpc_error_details(GrpcError const& error);

// What a google.rpc.Status says of itself in its google.rpc.ErrorInfo; nullopt for other bytes, and
// for a Status without one. Foreign details beside it are skipped.
struct GrpcDetails {
  std::string reason;
  std::string code;  // our own, from the info's metadata; empty = none
};
[[nodiscard]] std::optional<GrpcDetails> read_grpc_details(std::string_view bytes);

}  // namespace aw::a2a

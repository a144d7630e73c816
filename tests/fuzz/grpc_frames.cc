// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// A gRPC body: first byte the method, the rest what the peer sends. Frames are the same however
// they are cut; what is in them is understood or refused with a status; reflection and health
// survive all.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/a2a/grpc_frame.h"
#include "core/a2a/grpc_reflection.h"
#include "core/a2a/json_view.h"
#include "core/a2a/router.h"

namespace {

constexpr std::array kPaths = {
    "/lf.a2a.v1.A2AService/SendMessage",
    "/lf.a2a.v1.A2AService/GetTask",
    "/lf.a2a.v1.A2AService/ListTasks",
    "/lf.a2a.v1.A2AService/CreateTaskPushNotificationConfig",
    "/lf.a2a.v1.A2AService/GetExtendedAgentCard",
    "/a2a.v1.A2AService/SendMessage",
    "/a2a.v1.A2AService/GetTask",
    "/a2a.v1.A2AService/CreateTaskPushNotificationConfig",
    "/a2a.v1.A2AService/ListTaskPushNotificationConfig",
    "/grpc.health.v1.Health/Check",
};
constexpr std::size_t kMost = 1U << 16U;

std::vector<std::string> cut(std::string_view wire, std::size_t step) {
  aw::a2a::GrpcFrames frames(kMost);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < wire.size(); at += step) {
    frames.feed(wire.substr(at, step));
    for (;;) {
      auto next = frames.next();
      if (!next.ok()) {
        out.push_back("error");
        return out;
      }
      if (!*next) break;
      out.push_back(std::move(**next));
    }
  }
  return out;
}

void judge(char const* path, std::string message) {
  static aw::a2a::Router const router({.capabilities = {"echo"}});
  aw::http::Request request;
  request.method = "POST";
  request.version = aw::http::Version::http2;
  request.set_target(path);
  request.headers.add("content-type", "application/grpc");
  request.body = std::move(message);
  auto const parsed = router.parse(request);
  if (auto const* refused = std::get_if<aw::a2a::Refused>(&parsed)) {
    if (!refused->response.trailers.has("grpc-status")) std::abort();
  } else if (auto const* operation = std::get_if<aw::a2a::Operation>(&parsed)) {
    if (!aw::a2a::check_json(operation->params).ok()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const wire(reinterpret_cast<char const*>(data) + 1, size - 1);
  auto const messages = cut(wire, wire.size() + 1);
  if (messages != cut(wire, 1)) std::abort();
  for (auto const& message : messages) {
    judge(kPaths[data[0] % kPaths.size()], message);
    static_cast<void>(aw::a2a::reflect(message));
    static_cast<void>(aw::a2a::health_answer(message, aw::a2a::Serving::yes));
  }
  static_cast<void>(aw::a2a::parse_grpc_timeout(wire.substr(0, 12)));
  return 0;
}

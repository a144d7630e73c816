// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// What a gRPC server answers: lines of grpc-status, grpc-message, grpc-status-details-bin and a
// card's address, then the body. Only status 0 is success; a message that was read is JSON, and
// what it says can be written and read again.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/a2a/client_grpc.h"

namespace {

using namespace aw::a2a;

std::string_view line_of(std::string_view& rest) {
  auto const end = std::min(rest.find('\n'), rest.size());
  auto const line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void judge_message(Dialect dialect, Kind kind, std::string_view body) {
  Interface const one{.transport = Transport::grpc, .dialect = dialect, .url = "a:1"};
  auto const json = grpc_body_json(one, kind, body);
  if (!json.ok()) return;
  if (!check_json(*json, {.bytes = std::size_t{1} << 26, .depth = 110}).ok()) std::abort();
  JsonView const value(*json);
  static_cast<void>(read_task_value(value, dialect));
  static_cast<void>(read_page_value(value, dialect));
  auto const event = read_event_value(value, dialect);
  if (!event.ok()) return;
  auto const again = event_json(*event);
  if (!check_json(again, {.bytes = std::size_t{1} << 26, .depth = 110}).ok()) std::abort();
  if (!read_event_value(JsonView(again), Dialect::v1_0).ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<char const*>(data), size);
  auto const status = line_of(rest);
  auto const message = line_of(rest);
  auto const details = line_of(rest);
  auto const address = line_of(rest);
  aw::http::Headers const head{{"content-type", "application/grpc"}};
  aw::http::Headers const trailers{
      {"grpc-status", status}, {"grpc-message", message}, {"grpc-status-details-bin", details}};
  bool const zero = !status.empty() && status.find_first_not_of('0') == std::string_view::npos;
  if (grpc_outcome(200, head, trailers).ok() != zero) std::abort();
  if (grpc_outcome(200, {}, trailers).ok()) std::abort();
  aw::http::Endpoint const card{.scheme = aw::http::Scheme::https, .host = "h", .port = 443};
  if (auto const place = grpc_endpoint(address, card);
      place.ok() && place->host.empty() && place->socket_path.empty())
    std::abort();
  for (auto const dialect : {Dialect::v1_0, Dialect::v0_3})
    for (auto const kind : {Kind::send, Kind::stream, Kind::get, Kind::list, Kind::extended_card})
      judge_message(dialect, kind, rest);
  return 0;
}

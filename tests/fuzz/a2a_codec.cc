// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// Messages, artifacts and webhooks in every spelling: what was read can be written in each, is
// JSON, and reads back as the same.
#include <cstdint>
#include <cstdlib>

#include "core/a2a/codec.h"
#include "core/a2a/grpc_codec.h"
#include "core/a2a/push_config.h"

namespace {

using namespace aw::a2a;

std::string spelled(Message const& message, Spelling spelling) {
  std::string out;
  aw::json::Writer writer(out);
  write_message(writer, message, spelling);
  if (!check_json(out, {.bytes = std::size_t{1} << 26, .depth = 80}).ok()) std::abort();
  return out;
}

void judge_message(JsonView view) {
  auto const message = parse_message(view, Dialect::v0_3);
  if (!message.ok()) return;
  auto const v1 = spelled(*message, Spelling::v1);
  auto const again = parse_message(JsonView(v1), Dialect::v1_0);
  if (!again.ok() || spelled(*again, Spelling::v1) != v1) std::abort();
  for (auto const old : {Spelling::v03, Spelling::v03_proto}) {
    auto const text = spelled(*message, old);
    if (!parse_message(JsonView(text), Dialect::v0_3).ok()) std::abort();
  }
  // A task must be readable in every binding: what one of them takes, gRPC can say.
  if (!grpc_from_json("lf.a2a.v1.Message", v1).ok()) std::abort();
}

void judge_webhook(JsonView view) {
  auto const config = parse_push_config(view);
  if (!config.ok()) return;
  for (auto const* const field : {&config->token, &config->credentials, &config->scheme})
    if (field->find_first_of("\r\n") != std::string::npos) std::abort();
  std::string out;
  aw::json::Writer writer(out);
  write_push_config(writer, *config, Spelling::v1);
  if (!check_json(out).ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (!check_json(text).ok()) return 0;
  JsonView const view(text);
  judge_message(view);
  judge_webhook(view);
  static_cast<void>(parse_artifact(view, Dialect::v0_3));
  static_cast<void>(parse_task_record(text));
  return 0;
}

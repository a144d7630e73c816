// SPDX-License-Identifier: Apache-2.0
// An agent with one capability. hello CONFIG [KEY=VALUE…]: serves until SIGTERM.
#include <agentweave/agentweave.h>

#include <iostream>

namespace {

// The payload fits the schema below: no gate let anything else through. It is JSON text; use the
// JSON library you like.
agentweave::Result<std::string> greet(agentweave::Call const& call,
                                      agentweave::Progress& progress) {
  progress.status("thinking of something nice");
  return R"({"message":"Hello!","to":")" + call.caller + R"(","you_sent":)" + call.payload + "}";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: 01_hello CONFIG [KEY=VALUE…]\n";
    return 2;
  }
  agentweave::AgentOptions options;
  options.config_file = argv[1];
  options.settings.assign(argv + 2, argv + argc);
  auto agent = agentweave::SecureAgent::make(std::move(options));
  if (!agent.ok()) {
    std::cerr << agent.error().text() << '\n';
    return 4;
  }
  auto const added = (*agent)->add_capability(
      {.name = "greet",
       .description = "greets whoever asks",
       .parameters = R"({"type":"object","required":["name"],"additionalProperties":false,
                         "properties":{"name":{"type":"string","minLength":1,"maxLength":80}}})",
       .handler = greet});
  auto const served = added.ok() ? (*agent)->run([](agentweave::SecureAgent& serving) {
    std::cout << serving.spiffe_id() << " on " << serving.address() << std::endl;
  })
                                 : added;
  if (served.ok()) return 0;
  std::cerr << served.error().text() << '\n';
  return 1;
}

// SPDX-License-Identifier: Apache-2.0
// a2a_tck_agent CONFIG: serves like `agentweave serve CONFIG`, with the official kits' agent in
// place of the backends: capabilities need none, and only the first counts. With a2a.versions
// ["1.0"] it is the 1.0 kit's agent, else the 0.3 kit's.
#include <pthread.h>

#include <csignal>
#include <iostream>
#include <stop_token>
#include <thread>

#include "commands/support/serving.h"
#include "tests/tck/kit_executor.h"

namespace {

// SIGINT and SIGTERM drain. The thread only waits, and ends with the process.
std::stop_token interrupted() {
  static std::stop_source source;
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  std::thread([wanted] {
    int number = 0;
    while (sigwait(&wanted, &number) != 0) {
    }
    source.request_stop();
  }).detach();
  return source.get_token();
}

// The kits' messages name no capability: whatever the file has, there is one that they all mean.
void have_one_capability(aw::config::Config& config) {
  auto& capabilities = config.agent.capabilities;
  if (capabilities.empty())
    capabilities.push_back({.name = "kit",
                            .description = "does what the kit wants",
                            .input_modes = {"text/plain", "application/json"},
                            .output_modes = {"text/plain", "application/json"}});
  capabilities.resize(1);
}

aw::runtime::Seams kit_seams(aw::config::Loaded const& loaded) {
  using Unnamed = aw::tck::KitOptions::Unnamed;
  bool const only_v1 = loaded.config.a2a.versions == std::vector<std::string>{"1.0"};
  aw::runtime::Seams seams;
  seams.executor = std::make_unique<aw::tck::KitExecutor>(
      aw::tck::KitOptions{.unnamed = only_v1 ? Unnamed::completes : Unnamed::asks});
  // The 0.3 kit's gRPC client always says `blocking`, and its quality tests want to see the task
  // work nevertheless.
  if (!only_v1) seams.wait_limit = std::chrono::seconds(2);
  return seams;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: a2a_tck_agent CONFIG\n";
    return static_cast<int>(aw::Exit::usage);
  }
  std::signal(SIGPIPE, SIG_IGN);
  aw::SystemClock const clock;
  auto const env = aw::commands::process_environment();
  aw::commands::World const world{.in = std::cin,
                                  .out = std::cout,
                                  .err = std::cerr,
                                  .env = env,
                                  .clock = clock,
                                  .interrupt = interrupted};
  aw::commands::Context context(world);
  aw::commands::Serving serving;
  serving.request.file = argv[1];
  serving.request.env = aw::config::lookup_in(env);
  serving.request.backends = aw::config::BackendRule::in_process;
  serving.amend = have_one_capability;
  serving.seams = kit_seams;
  serving.ready = [](aw::runtime::Runtime& agent, std::chrono::nanoseconds) {
    std::cerr << "a2a_tck_agent: " << agent.listening().spiffe_id << " on "
              << agent.listening().agent << std::endl;
  };
  auto const served = aw::commands::serve_until_stopped(serving, context);
  if (served.ok()) return 0;
  std::cerr << served.error().text() << std::endl;
  return static_cast<int>(aw::exit_code(served.error().code));
}

// SPDX-License-Identifier: Apache-2.0
// `agentweave card generate [CONFIG]`: the card an agent with this configuration serves.
#pragma once

#include <string>

#include "commands/support/context.h"

namespace aw::commands {

struct CardGenerateOptions {
  std::string config;
  std::string environment;
  std::string file;  // empty = stdout
  std::string url;   // empty = https://HOST:PORT of the configuration
  enum class Form { pure, hybrid } form = Form::pure;
};

// Without a signature: the agent adds that when it serves. Nothing is contacted. config_*,
// Code::io.
Result<void> run_card_generate(CardGenerateOptions const& options, Context& context);
void register_card_generate(CLI::App& parent, Context& context);

}  // namespace aw::commands

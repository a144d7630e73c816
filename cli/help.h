// SPDX-License-Identifier: Apache-2.0
// `--help`: purpose, examples, usage, arguments, options — examples first, they are what people
// read.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace aw::cli {

class HelpFormatter : public CLI::FormatterBase {
 public:
  [[nodiscard]] std::string make_help(CLI::App const* app, std::string name,
                                      CLI::AppFormatMode mode) const override;
};

}  // namespace aw::cli

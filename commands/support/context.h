// SPDX-License-Identifier: Apache-2.0
// What a command may see and touch: its streams, environment, clock, and how its user wants output.
//
// Given to every command by cli::run, made by main or by a test. One thread; references outlive it.
// stdout is the product, stderr is talk: `print` writes the first, `say`/`detail` the second.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/code.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace aw::commands {

using Env = std::map<std::string, std::string>;

enum class Output { text, table, json, yaml, jsonl };
[[nodiscard]] std::optional<Output> output_called(std::string_view word);  // "json"
enum class Verbosity { quiet, normal, verbose };
enum class Terminal { no, yes };
enum class Style { plain, good, bad, warning, dim, bold };

// Everything that comes from outside the process.
struct World {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Env const& env;
  Clock const& clock;
  Terminal out_terminal = Terminal::no;
  Terminal err_terminal = Terminal::no;
  // Arms Ctrl-C and SIGTERM: from the first call on they stop the token instead of the process.
  // Empty in tests that need none.
  std::function<std::stop_token()> interrupt = {};
};

class Context {
 public:
  explicit Context(World const& world);

  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Env const& env;
  Clock const& clock;
  Output output = Output::text;
  Verbosity verbosity = Verbosity::normal;

  // The variable's value; nullopt when it is not set or empty.
  [[nodiscard]] std::optional<std::string> variable(std::string const& name) const;

  // See World::interrupt; never stopped when the world has none.
  [[nodiscard]] std::stop_token interrupt() const;

  // Is `-o` one of json, yaml, jsonl?
  [[nodiscard]] bool machine_readable() const;

  // The product: `data` in the envelope {"api_version","kind","data"} when machine readable (jsonl:
  // one line per element of an array), else what `human` writes.
  void print(std::string_view kind, json::Json const& data,
             std::function<void(std::ostream&)> const& human);

  // Talk on stderr: a line unless -q; a line only with -v. Silent when machine readable and not -v.
  void say(std::string_view line);
  void detail(std::string_view line);

  // `text` in colour when that stream is a terminal that wants it; plain otherwise.
  [[nodiscard]] std::string paint_out(Style style, std::string_view text) const;
  [[nodiscard]] std::string paint_err(Style style, std::string_view text) const;

  void no_color();  // --no-color

  // Before the next picture of a live view: on a terminal only.
  void clear_screen();

  // Ends the command: prints an error (envelope of kind Error on stdout when machine readable, else
  // one or two lines on stderr) and keeps its exit code. The last call wins.
  void finish(Result<void> const& result);
  void finish(Result<Exit> const& result);  // a product was printed, but the answer is not "ok"
  void finish(Error const& error);
  [[nodiscard]] Exit exit() const { return exit_; }

  // The work of the command line that was parsed; cli::run calls it once, after all of it parsed.
  void run_later(std::function<void()> work) { work_ = std::move(work); }
  [[nodiscard]] std::function<void()> const& work() const { return work_; }

 private:
  void print_error(Error const& error);

  Terminal out_terminal_;
  Terminal out_colour_;
  Terminal err_colour_;
  std::function<std::stop_token()> interrupt_;
  std::function<void()> work_;
  Exit exit_ = Exit::ok;
};

// The whole environment of this process, taken once by main.
[[nodiscard]] Env process_environment();

inline constexpr std::string_view kApiVersion = "agentweave/v1";

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
#include "commands/support/drill_transcript.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "core/base/text.h"

namespace aw::commands {
namespace {

std::string met_mark(Met met, Context const& context) {
  switch (met) {
    case Met::told:
      return " ";
    case Met::good:
      return context.paint_out(Style::good, "√");
    case Met::bad:
      break;
  }
  return context.paint_out(Style::bad, "×");
}

std::string_view met_word(Met met) {
  return met == Met::told ? "told" : met == Met::good ? "good" : "bad";
}

}  // namespace

Transcript::Transcript(std::string name, Context& context)
    : name_(std::move(name)), context_(context) {
  if (!context_.machine_readable() && context_.verbosity != Verbosity::quiet)
    context_.out << "drill " << context_.paint_out(Style::bold, name_) << std::endl;
}

void Transcript::tell(std::string text) { add(std::move(text), Met::told); }

void Transcript::see(std::string text, bool holds) {
  add(std::move(text), holds ? Met::good : Met::bad);
}

void Transcript::add(std::string text, Met met) {
  constexpr std::size_t kClock = 11;  // "2026-11-28T15:41:07.000Z"
  constexpr std::size_t kSeconds = 8;
  Line line{.time = format_rfc3339(context_.clock.now()), .text = std::move(text), .met = met};
  bool const quiet = context_.verbosity == Verbosity::quiet && met != Met::bad;
  if (!context_.machine_readable() && !quiet)
    context_.out << "  " << line.time.substr(kClock, kSeconds) << ' ' << met_mark(met, context_)
                 << ' ' << text::printable(line.text) << std::endl;
  lines_.push_back(std::move(line));
}

bool Transcript::behaved() const {
  return std::ranges::count(lines_, Met::bad, &Line::met) == 0 &&
         std::ranges::count(lines_, Met::good, &Line::met) > 0;
}

json::Json Transcript::json() const {
  json::Json lines = json::Json::array();
  for (auto const& line : lines_)
    lines.push_back(
        {{"time", line.time}, {"text", line.text}, {"met", std::string(met_word(line.met))}});
  return {{"drill", name_}, {"behaved", behaved()}, {"lines", std::move(lines)}};
}

void Transcript::close() {
  if (context_.machine_readable() || (context_.verbosity == Verbosity::quiet && behaved())) return;
  context_.out << (behaved() ? "behaved   " : "FAILED    ") << name_ << std::endl;
}

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
#include "core/metrics/format.h"

#include <algorithm>
#include <charconv>

namespace aw::metrics {
namespace {

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes what stands before the next `separator` off the front.
std::string_view next_part(std::string_view& rest, char separator) {
  auto const end = std::min(rest.find(separator), rest.size());
  auto const part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return part;
}

double weight_of(std::string_view text) {
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return 0;
  return value >= 0 && value <= 1 ? value : 0;  // not a number compares as neither
}

struct Offer {
  std::string_view type;
  std::string_view version;
  double weight = 1;
};

Offer parse_offer(std::string_view text) {
  Offer out;
  out.type = next_part(text, ';');
  while (!text.empty()) {
    auto const parameter = next_part(text, ';');
    if (parameter.starts_with("q=")) out.weight = weight_of(parameter.substr(2));
    if (parameter.starts_with("version=")) out.version = parameter.substr(8);
  }
  return out;
}

}  // namespace

Format accepted_format(std::string_view accept) {
  double plain = 0;
  double open = 0;
  while (!accept.empty()) {
    auto const offer = parse_offer(next_part(accept, ','));
    bool const ours = offer.version.empty() || offer.version == "1.0.0";
    if (offer.type == "application/openmetrics-text" && ours) {
      open = std::max(open, offer.weight);
    } else if (offer.type == "text/plain" || offer.type == "text/*" || offer.type == "*/*") {
      plain = std::max(plain, offer.weight);
    }
  }
  return open > 0 && open >= plain ? Format::openmetrics : Format::prometheus;
}

std::string_view content_type(Format format) {
  return format == Format::openmetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace aw::metrics

// SPDX-License-Identifier: Apache-2.0
#include "commands/support/attack.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/text.h"

namespace aw::commands {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string end_text(tls::Probe::Heard const& heard) {
  if (heard.end == tls::Probe::End::broken && !heard.why.empty()) return heard.why;
  return "closed without an answer";
}

}  // namespace

std::string_view verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::refused:
      return "refused";
    case Verdict::accepted:
      return "accepted";
    case Verdict::not_observable:
      return "not observable";
    case Verdict::unclear:
      break;
  }
  return "unclear";
}

std::vector<int> statuses_in(std::string_view bytes) {
  constexpr std::string_view kStart = "HTTP/1.1 ";
  std::vector<int> out;
  for (std::size_t at = bytes.find(kStart); at != std::string_view::npos;
       at = bytes.find(kStart, at + 1)) {
    auto const digits = bytes.substr(at + kStart.size(), 3);
    if (digits.size() == 3 && std::ranges::all_of(digits, is_digit))
      out.push_back((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
  }
  return out;
}

Result<tls::Probe> open_politely(Prey const& prey, std::vector<std::string> alpn) {
  auto const& svid = prey.self->snapshot().svid();
  AW_TRY(auto probe, tls::Probe::open({.host = prey.host,
                                       .port = prey.port,
                                       .patience = prey.patience,
                                       .chain = svid.chain,
                                       .key = svid.key,
                                       .alpn = std::move(alpn)}));
  AW_TRY(auto const peer, prey.self->verify(probe.server_chain()));
  if (peer->id != prey.id)
    return make_error(Code::peer_mismatch, "the listener is " + peer->id.text() + ", not " +
                                               prey.id.text() + ": only our own is attacked");
  return probe;
}

Result<Control> ask_politely(Prey const& prey) {
  AW_TRY(auto probe, open_politely(prey, {"http/1.1"}));
  AW_TRY(probe.send("GET " + std::string(kCardPath) +
                    " HTTP/1.1\r\nHost: proof\r\nConnection: close\r\n\r\n"));
  auto const heard = probe.hear();
  auto const statuses = statuses_in(heard.bytes);
  if (statuses.empty())
    return make_error(Code::check_failed,
                      "the listener does not answer a request that it should: " + end_text(heard),
                      "its log says why; the identity of this command must be one that it accepts");
  return Control{.address = "https://" + prey.host + ':' + std::to_string(prey.port),
                 .version = probe.version(),
                 .cipher = probe.cipher(),
                 .status = statuses.front()};
}

Attack judged(Attack attack, tls::Probe::Heard const& heard, Control const& control) {
  auto const statuses = statuses_in(heard.bytes);
  if (statuses.empty()) {
    bool const ended = heard.end == tls::Probe::End::closed || heard.end == tls::Probe::End::broken;
    attack.verdict = ended ? Verdict::refused : Verdict::unclear;
    attack.seen = ended ? end_text(heard) : "no answer, and the connection stays open";
    return attack;
  }
  int const status = statuses.front();
  attack.seen = "answered " + std::to_string(status);
  if (statuses.size() > 1) {
    attack.verdict = Verdict::accepted;
    attack.seen = std::to_string(statuses.size()) + " answers to one request: " + attack.seen;
  } else if (status < 400 || status == control.status) {
    attack.verdict = Verdict::accepted;
  } else if (status == 429 || status == 503) {
    attack.seen += ": a limit answered first, try again later";  // which says nothing of the gate
  } else {
    attack.verdict = Verdict::refused;
  }
  return attack;
}

Attack not_done(Attack attack, Error const& why) {
  attack.verdict = Verdict::unclear;
  attack.seen = "could not be tried: " + why.message;
  return attack;
}

Attacks attack_all(Prey const& prey, Control const& control) {
  Attacks all = attack_tls(prey);
  auto const add = [&all](Attacks more) { std::ranges::move(more, std::back_inserter(all)); };
  add(attack_certificates(prey));
  add(attack_replay(prey));
  add(attack_headers(prey));
  add(attack_framing(prey, control));
  add(attack_limits(prey, control));
  add(attack_routes(prey, control));
  add(attack_http2(prey, control));
  return all;
}

}  // namespace aw::commands

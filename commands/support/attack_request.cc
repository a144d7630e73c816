// SPDX-License-Identifier: Apache-2.0
// Requests that are well made and lie: the same nonce again, a time long past, headers that claim
// another caller.
#include <algorithm>
#include <utility>

#include "commands/support/attack.h"
#include "core/base/random.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr char kReplayGate[] = "replay";
constexpr char kHeaderGate[] = "headers";

struct Asked {
  std::string action = "agentweave_proof";  // nobody has it: even an allow would run nothing
  std::string headers;                      // whole lines
};

std::string task_request(Asked const& asked) {
  auto const body = R"({"task_type":")" + asked.action + R"(","payload":{}})";
  return "POST /a2a/v1/tasks HTTP/1.1\r\nHost: proof\r\nConnection: close\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + asked.headers + "\r\n" + body;
}

std::string replay_lines(std::string const& nonce, WallTime time) {
  return "x-agentweave-nonce: " + nonce + "\r\nx-agentweave-timestamp: " + format_rfc3339(time) +
         "\r\n";
}

Result<std::string> ask(Prey const& prey, Asked const& asked) {
  AW_TRY(auto probe, open_politely(prey, {"http/1.1"}));
  AW_TRY(probe.send(task_request(asked)));
  auto heard = probe.hear();
  if (statuses_in(heard.bytes).empty()) return make_error(Code::check_failed, "no answer");
  return std::move(heard.bytes);
}

// Refused is 409 and nothing else: any other answer came from a gate behind this one.
Attack judged_replay(Attack attack, Result<std::string> const& answer) {
  if (!answer.ok()) return not_done(std::move(attack), answer.error());
  int const status = statuses_in(*answer).front();
  attack.seen = "answered " + std::to_string(status);
  attack.verdict = status == 409 ? Verdict::refused : Verdict::accepted;
  if (status == 429 || status == 503) attack.verdict = Verdict::unclear;
  if (attack.verdict == Verdict::accepted) attack.seen += ": it passed the replay gate";
  return attack;
}

Attack replayed_nonce(Prey const& prey) {
  Attack attack{.gate = kReplayGate, .tried = "the same nonce twice"};
  Asked const asked{.headers =
                        replay_lines(text::to_base64url(random_bytes(16)), prey.clock.now())};
  auto const first = ask(prey, asked);
  if (!first.ok()) return not_done(std::move(attack), first.error());
  if (statuses_in(*first).front() == 409) {
    attack.seen = "the first of the two was refused already: do the clocks agree?";
    return attack;
  }
  return judged_replay(std::move(attack), ask(prey, asked));
}

Attack wrong_time(Prey const& prey, std::string tried, std::chrono::hours off) {
  return judged_replay({.gate = kReplayGate, .tried = std::move(tried)},
                       ask(prey, {.headers = replay_lines(text::to_base64url(random_bytes(16)),
                                                          prey.clock.now() + off)}));
}

Attack bad_nonce(Prey const& prey) {
  Attack attack{.gate = kReplayGate, .tried = "a nonce that can be guessed"};
  auto const answer = ask(prey, {.headers = replay_lines("1", prey.clock.now())});
  if (!answer.ok()) return not_done(std::move(attack), answer.error());
  int const status = statuses_in(*answer).front();
  attack.seen = "answered " + std::to_string(status);
  attack.verdict = status == 400 || status == 409 ? Verdict::refused : Verdict::accepted;
  if (status == 429 || status == 503) attack.verdict = Verdict::unclear;
  return attack;
}

Attack spoofed(Prey const& prey, std::string const& header) {
  Attack attack{
      .gate = kHeaderGate, .tried = "spoofed " + header, .verdict = Verdict::not_observable};
  if (prey.echo.empty()) {
    attack.seen = "only the backend sees what it gets: name an action that echoes it with --echo";
    return attack;
  }
  auto const marker = "spoofed-" + random_hex(8);
  auto const value = header == "x-agentweave-caller"
                         ? "spiffe://" + prey.id.trust_domain().name() + '/' + marker
                         : "By=spiffe://proof;URI=" + marker;
  auto const answer = ask(prey, {.action = prey.echo, .headers = header + ": " + value + "\r\n"});
  if (!answer.ok()) return not_done(std::move(attack), answer.error());
  int const status = statuses_in(*answer).front();
  if (answer->find(marker) != std::string::npos) {
    attack.verdict = Verdict::accepted;
    attack.seen = "the backend got it";
  } else if (status != 200 || answer->find(prey.self->self().text()) == std::string::npos) {
    attack.seen = "action " + prey.echo + " answered " + std::to_string(status) +
                  " and does not tell the headers it got";
  } else {
    attack.verdict = Verdict::refused;
    attack.seen = "the backend got " + prey.self->self().text() + " instead";
  }
  return attack;
}

}  // namespace

Attacks attack_replay(Prey const& prey) {
  return {replayed_nonce(prey),
          wrong_time(prey, "a timestamp of yesterday", std::chrono::hours(-24)),
          wrong_time(prey, "a timestamp of tomorrow", std::chrono::hours(24)), bad_nonce(prey)};
}

Attacks attack_headers(Prey const& prey) {
  return {spoofed(prey, "x-agentweave-caller"), spoofed(prey, "x-forwarded-client-cert")};
}

}  // namespace aw::commands

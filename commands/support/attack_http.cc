// SPDX-License-Identifier: Apache-2.0
// Requests that two readers would take apart differently, that are too large, or that nothing is
// behind. RFC 9112 §2.2, §5.2, §6.1, §6.3, §11.2.
#include <algorithm>
#include <utility>

#include "commands/support/attack.h"

namespace aw::commands {
namespace {

constexpr std::size_t kPieceBytes = 1U << 16;

// The card is asked for: harmless, and a reader that is lenient answers it.
std::string start_line() { return "GET " + std::string(kCardPath) + " HTTP/1.1\r\n"; }
std::string smuggled() { return start_line() + "Host: proof\r\nConnection: close\r\n\r\n"; }

struct Frame {
  std::string tried;
  std::string bytes;
};

std::vector<Frame> framings() {
  auto const start = start_line() + "Host: proof\r\n";
  auto const inner = smuggled();
  return {
      {"Content-Length and Transfer-Encoding",
       start + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner},
      {"Transfer-Encoding twice",
       start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" +
           inner},
      {"two Content-Length", start + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + inner},
      {"Content-Length with a sign", start + "Content-Length: +0\r\n\r\n" + inner},
      {"folded header (obs-fold)", start + "X-Proof: 1\r\n Content-Length: 5\r\n\r\n" + inner},
      {"lines that end in a bare LF",
       "GET " + std::string(kCardPath) + " HTTP/1.1\nHost: proof\n\n" + inner},
      {"bare LF inside the head", start + "X-Proof: 1\nContent-Length: 0\r\n\r\n" + inner},
      {"blank before the colon", start + "Content-Length : 0\r\n\r\n" + inner},
      {"NUL in a value",
       start + std::string("X-Proof: a\0b\r\n", 15) + "Content-Length: 0\r\n\r\n" + inner},
      {"negative chunk size", start + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + inner},
      {"chunk size beyond 64 bits",
       start + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" + inner},
      {"no Host", start_line() + "Connection: close\r\n\r\n"},
      {"two Hosts", start + "Host: other\r\nConnection: close\r\n\r\n"},
  };
}

// Sends what it is given and judges by what comes back. A server may have closed before all of it
// was taken: what it said until then counts.
Attack sent_and_judged(Prey const& prey, Control const& control, Attack attack,
                       std::string_view bytes) {
  auto probe = open_politely(prey, {"http/1.1"});
  if (!probe.ok()) return not_done(std::move(attack), probe.error());
  auto const sent = probe->send(bytes);
  auto heard = probe->hear();
  if (!sent.ok() && heard.why.empty()) heard.why = sent.error().message;
  return judged(std::move(attack), heard, control);
}

Attack large_head(Prey const& prey, Control const& control) {
  auto bytes = start_line() + "Host: proof\r\nConnection: close\r\n";
  bytes.append("X-Proof: ").append(prey.max_head_bytes + 1, 'a').append("\r\n\r\n");
  return sent_and_judged(
      prey, control,
      {.gate = "limits",
       .tried = "head of more than " + std::to_string(prey.max_head_bytes) + " bytes"},
      bytes);
}

Attack many_headers(Prey const& prey, Control const& control) {
  auto bytes = start_line() + "Host: proof\r\nConnection: close\r\n";
  for (int i = 0; i < 5000; ++i) bytes.append("a:b\r\n");
  return sent_and_judged(prey, control, {.gate = "limits", .tried = "5000 headers"},
                         bytes + "\r\n");
}

// All of the body is offered, so that a listener without the limit shows it.
Attack large_body(Prey const& prey, Control const& control, std::string const& tried,
                  std::string const& framing, std::string const& piece, std::string const& end) {
  Attack attack{.gate = "limits", .tried = tried};
  auto probe = open_politely(prey, {"http/1.1"});
  if (!probe.ok()) return not_done(std::move(attack), probe.error());
  auto sent = probe->send(start_line() + "Host: proof\r\nConnection: close\r\n" + framing + "\r\n");
  for (std::size_t done = 0; sent.ok() && done <= prey.max_body_bytes; done += kPieceBytes)
    sent = probe->send(piece);
  if (sent.ok()) sent = probe->send(end);
  auto heard = probe->hear();
  if (!sent.ok() && heard.why.empty()) heard.why = sent.error().message;
  return judged(std::move(attack), heard, control);
}

}  // namespace

Attacks attack_framing(Prey const& prey, Control const& control) {
  Attacks out;
  for (auto const& one : framings())
    out.push_back(
        sent_and_judged(prey, control, {.gate = "framing", .tried = one.tried}, one.bytes));
  return out;
}

Attacks attack_limits(Prey const& prey, Control const& control) {
  auto const piece = std::string(kPieceBytes, 'a');
  auto const rounds = prey.max_body_bytes / kPieceBytes + 1;
  auto const size = std::to_string(prey.max_body_bytes);
  return {large_head(prey, control), many_headers(prey, control),
          large_body(prey, control, "body of more than " + size + " bytes",
                     "Content-Length: " + std::to_string(rounds * kPieceBytes) + "\r\n", piece, ""),
          large_body(prey, control, "chunked body of more than " + size + " bytes",
                     "Transfer-Encoding: chunked\r\n", "10000\r\n" + piece + "\r\n", "0\r\n\r\n")};
}

Attacks attack_routes(Prey const& prey, Control const& control) {
  // None of these is the card: its status says nothing here.
  Control const none{
      .address = control.address, .version = control.version, .cipher = control.cipher};
  struct Route {
    std::string_view tried;
    std::string_view method;
    std::string_view target;
  };
  static constexpr Route kRoutes[] = {
      {"unmapped route", "GET", "/agentweave-proof"},
      {"route outside the tree", "GET", "/a2a/v1/../../agentweave-proof"},
      {"metrics on the agent's port", "GET", "/metrics"},
      {"admin on the agent's port", "GET", "/v1/data/system/decisions"},
      {"unmapped method", "DELETE", kCardPath},
      {"TRACE", "TRACE", "/"},
      {"CONNECT", "CONNECT", "proof:443"},
      {"method nobody knows", "PROOF", kCardPath},
  };
  Attacks out;
  for (auto const& route : kRoutes)
    out.push_back(sent_and_judged(prey, none, {.gate = "routes", .tried = std::string(route.tried)},
                                  std::string(route.method) + ' ' + std::string(route.target) +
                                      " HTTP/1.1\r\nHost: proof\r\nConnection: close\r\n\r\n"));
  return out;
}

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
// Requests in HTTP/2 that become something else behind a reader that translates them to HTTP/1.1
// (RFC 9113 §8.2, §8.3), and frames where none may be (§5.1.1, §6.1).
#include <array>
#include <optional>
#include <utility>

#include "commands/support/attack.h"

namespace aw::commands {
namespace {

constexpr char kHttp2Gate[] = "http2";

enum FrameType : std::uint8_t { data = 0, headers = 1, reset = 3, settings = 4, goaway = 7 };
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kEndHeaders = 4;
constexpr std::size_t kFrameHead = 9;

char byte_of(std::size_t value) { return static_cast<char>(static_cast<unsigned char>(value)); }
unsigned char number_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// RFC 9113 §4.1.
std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  std::string out;
  for (int shift : {16, 8, 0}) out += byte_of((payload.size() >> shift) & 0xffU);
  out += byte_of(type);
  out += byte_of(flags);
  for (int shift : {24, 16, 8, 0}) out += byte_of((stream >> shift) & 0xffU);
  return out.append(payload);
}

// RFC 7541 §6.2.2, without Huffman: names and values as they are, right or wrong.
std::string literal(std::string_view name, std::string_view value) {
  std::string out(1, '\0');
  out += byte_of(name.size());
  out.append(name);
  out += byte_of(value.size());
  return out.append(value);
}

std::string pseudo(std::string_view method = "GET") {
  return literal(":method", method) + literal(":scheme", "https") + literal(":path", kCardPath) +
         literal(":authority", "proof");
}

// RFC 7541 §5.2 and appendix B, as far as three digits go.
std::optional<int> huffman_digits(std::string_view coded) {
  std::uint32_t bits = 0;
  int const have = static_cast<int>(coded.size()) * 8;
  if (coded.size() > 3) return std::nullopt;
  for (std::size_t i = 0; i < coded.size(); ++i) bits = (bits << 8U) | number_at(coded, i);
  int out = 0;
  int at = have;
  for (int digit = 0; digit < 3; ++digit) {
    if (at < 5) return std::nullopt;
    std::uint32_t const five = (bits >> (at - 5)) & 31U;
    if (five <= 2) {
      out = out * 10 + static_cast<int>(five);
      at -= 5;
      continue;
    }
    if (at < 6) return std::nullopt;
    std::uint32_t const six = (bits >> (at - 6)) & 63U;
    if (six < 25 || six > 31) return std::nullopt;
    out = out * 10 + static_cast<int>(six - 25 + 3);
    at -= 6;
  }
  return out;
}

// The status at the front of a header block, where §8.3.2 has it; 200 when it cannot be read, so
// that no answer is taken for a refusal.
int status_of(std::string_view block) {
  constexpr std::array<int, 7> kIndexed = {200, 204, 206, 304, 400, 404, 500};
  while (!block.empty() && (number_at(block, 0) & 0xe0U) == 0x20) block.remove_prefix(1);
  if (block.size() < 2) return 200;
  auto const first = number_at(block, 0);
  if (first >= 0x88 && first <= 0x8e) return kIndexed.at(first - 0x88U);
  std::size_t const size = number_at(block, 1) & 0x7fU;
  auto const coded = block.substr(2, size);
  if ((number_at(block, 1) & 0x80U) != 0) return huffman_digits(coded).value_or(200);
  if (coded.size() != 3) return 200;
  int out = 0;
  for (char c : coded) out = out * 10 + (c - '0');
  return out;
}

struct Reply {
  enum class Kind : std::uint8_t { none, reset, goaway, answer } kind = Kind::none;
  int status = 0;
};

// The first frame that says what became of the request.
Reply reply_in(std::string_view bytes) {
  while (bytes.size() >= kFrameHead) {
    std::size_t const size = (static_cast<std::size_t>(number_at(bytes, 0)) << 16U) |
                             (static_cast<std::size_t>(number_at(bytes, 1)) << 8U) |
                             number_at(bytes, 2);
    if (bytes.size() < kFrameHead + size) return {};
    auto const payload = bytes.substr(kFrameHead, size);
    auto const type = number_at(bytes, 3);
    if (type == reset) return {.kind = Reply::Kind::reset};
    if (type == goaway) return {.kind = Reply::Kind::goaway};
    if (type == headers) return {.kind = Reply::Kind::answer, .status = status_of(payload)};
    bytes.remove_prefix(kFrameHead + size);
  }
  return {};
}

struct Oddity {
  std::string tried;
  std::string frames;
};

std::vector<Oddity> oddities() {
  constexpr std::uint8_t kWhole = kEndHeaders | kEndStream;
  auto const asked = [](std::string const& block) { return frame(headers, kWhole, 1, block); };
  return {
      {"Transfer-Encoding in HTTP/2", asked(pseudo() + literal("transfer-encoding", "chunked"))},
      {"Connection in HTTP/2", asked(pseudo() + literal("connection", "keep-alive"))},
      {"upper-case header name", asked(pseudo() + literal("X-Proof", "1"))},
      {"CR LF in a value", asked(pseudo() + literal("x-proof", "1\r\nx-agentweave-caller: root"))},
      {"pseudo-header after a header", asked(literal("x-proof", "1") + pseudo())},
      {"two :path", asked(pseudo() + literal(":path", "/"))},
      {"no :method", asked(literal(":scheme", "https") + literal(":path", kCardPath) +
                           literal(":authority", "proof"))},
      {"unknown pseudo-header", asked(pseudo() + literal(":proof", "1"))},
      {"Content-Length that DATA belies",
       frame(headers, kEndHeaders, 1, pseudo() + literal("content-length", "99")) +
           frame(data, kEndStream, 1, "{}")},
      {"request on an even stream", frame(headers, kWhole, 2, pseudo())},
      {"DATA on stream 0", frame(data, 0, 0, "{}")},
      {"header block that is no HPACK", frame(headers, kWhole, 1, "\xff\xff\xff\xff\xff\xff\xff")},
  };
}

Attack attack_with_frames(Prey const& prey, Control const& control, Oddity const& oddity) {
  Attack attack{.gate = kHttp2Gate, .tried = oddity.tried};
  auto probe = open_politely(prey, {"h2"});
  if (!probe.ok()) return not_done(std::move(attack), probe.error());
  auto const sent =
      probe->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings, 0, 0, "") + oddity.frames);
  auto const heard =
      probe->hear([](std::string_view bytes) { return reply_in(bytes).kind != Reply::Kind::none; });
  auto const reply = reply_in(heard.bytes);
  attack.verdict = Verdict::refused;
  switch (reply.kind) {
    case Reply::Kind::reset:
      attack.seen = "stream reset";
      break;
    case Reply::Kind::goaway:
      attack.seen = "connection ended (GOAWAY)";
      break;
    case Reply::Kind::answer:
      attack.seen = "answered " + std::to_string(reply.status);
      if (reply.status < 400 || reply.status == control.status) attack.verdict = Verdict::accepted;
      if (reply.status == 429 || reply.status == 503) attack.verdict = Verdict::unclear;
      break;
    case Reply::Kind::none:
      bool const held = sent.ok() && heard.end == tls::Probe::End::silent;
      attack.verdict = held ? Verdict::unclear : Verdict::refused;
      attack.seen = held ? "no answer, and the connection stays open" : "closed without an answer";
      break;
  }
  return attack;
}

}  // namespace

Attacks attack_http2(Prey const& prey, Control const& control) {
  Attack const whole{.gate = kHttp2Gate, .tried = "HTTP/2"};
  if (auto const spoken = open_politely(prey, {"h2"}); !spoken.ok()) {
    if (spoken.error().code != Code::handshake_failed) return {not_done(whole, spoken.error())};
    Attack absent = whole;
    absent.verdict = Verdict::refused;
    absent.seen = "not spoken here";
    return {absent};
  }
  Attacks out;
  for (auto const& oddity : oddities()) out.push_back(attack_with_frames(prey, control, oddity));
  return out;
}

}  // namespace aw::commands

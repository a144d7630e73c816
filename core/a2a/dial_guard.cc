// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/dial_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace aw::a2a {
namespace {

struct RangeV4 {
  std::uint32_t network;
  int bits;
};
constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}
constexpr std::array kClosedV4 = {
    RangeV4{v4(0, 0, 0, 0), 8},      RangeV4{v4(10, 0, 0, 0), 8},
    RangeV4{v4(100, 64, 0, 0), 10},  RangeV4{v4(127, 0, 0, 0), 8},
    RangeV4{v4(169, 254, 0, 0), 16}, RangeV4{v4(172, 16, 0, 0), 12},
    RangeV4{v4(192, 0, 0, 0), 24},   RangeV4{v4(192, 0, 2, 0), 24},
    RangeV4{v4(192, 88, 99, 0), 24}, RangeV4{v4(192, 168, 0, 0), 16},
    RangeV4{v4(198, 18, 0, 0), 15},  RangeV4{v4(198, 51, 100, 0), 24},
    RangeV4{v4(203, 0, 113, 0), 24}, RangeV4{v4(224, 0, 0, 0), 4},
    RangeV4{v4(240, 0, 0, 0), 4},
};

using BytesV6 = std::array<std::uint8_t, 16>;
struct RangeV6 {
  BytesV6 network;
  int bits;
};
// All that IANA has given out as global unicast. Outside are unique local, link-local, multicast,
// discard, local NAT64, the translators' ::ffff:0:a.b.c.d, and what nobody has yet.
constexpr RangeV6 kGlobalV6{{0x20, 0x00}, 3};
constexpr std::array kClosedV6 = {
    RangeV6{{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    RangeV6{{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments, Teredo, ORCHID
    RangeV6{{0x3f, 0xff, 0x00, 0x00}, 20},  // documentation
};

bool within(std::uint32_t address, RangeV4 const& range) {
  auto const mask = ~0U << static_cast<unsigned>(32 - range.bits);
  return (address & mask) == range.network;
}

bool within(BytesV6 const& address, RangeV6 const& range) {
  for (int bit = 0; bit < range.bits; ++bit) {
    auto const byte = static_cast<std::size_t>(bit / 8);
    auto const mask = 0x80U >> static_cast<unsigned>(bit % 8);
    if ((address[byte] & mask) != (range.network[byte] & mask)) return false;
  }
  return true;
}

bool is_public_v4(std::uint32_t address) {
  return std::ranges::none_of(kClosedV4,
                              [address](RangeV4 const& range) { return within(address, range); });
}

std::uint32_t v4_at(BytesV6 const& address, std::size_t at) {
  return v4(address[at], address[at + 1], address[at + 2], address[at + 3]);
}

bool is_public_v6(BytesV6 const& address) {
  bool const zeros = std::all_of(address.begin(), address.begin() + 10,
                                 [](std::uint8_t byte) { return byte == 0; });
  if (zeros && address[10] == 0xff && address[11] == 0xff) return is_public_v4(v4_at(address, 12));
  if (zeros) return false;  // ::, ::1, and the old IPv4-compatible form
  if (within(address, {{0x00, 0x64, 0xff, 0x9b}, 96})) return is_public_v4(v4_at(address, 12));
  if (within(address, {{0x20, 0x02}, 16})) return is_public_v4(v4_at(address, 2));
  return within(address, kGlobalV6) && std::ranges::none_of(kClosedV6, [&](RangeV6 const& range) {
           return within(address, range);
         });
}

}  // namespace

bool is_public_address(sockaddr const& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4_address{};
    std::memcpy(&v4_address, &address, sizeof v4_address);
    return is_public_v4(ntohl(v4_address.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6_address{};
  std::memcpy(&v6_address, &address, sizeof v6_address);
  BytesV6 bytes{};
  std::memcpy(bytes.data(), &v6_address.sin6_addr, bytes.size());
  return is_public_v6(bytes);
}

bool may_be_public_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::string const text(host);
  in_addr four{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return is_public_v4(ntohl(four.s_addr));
  BytesV6 six{};
  if (::inet_pton(AF_INET6, text.c_str(), six.data()) == 1) return is_public_v6(six);
  return true;
}

}  // namespace aw::a2a

// SPDX-License-Identifier: Apache-2.0
#include "core/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/text.h"

namespace aw {
namespace {

void fill(char* out, std::size_t size) {
  while (size > 0) {
    ssize_t const got = getrandom(out, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();
    }
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  fill(out.data(), out.size());
  return out;
}

std::uint64_t random_u64() {
  std::uint64_t out = 0;
  fill(reinterpret_cast<char*>(&out), sizeof out);
  return out;
}

std::string time_ordered_id(WallTime now) {
  constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  auto millis = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  std::string out(26, '0');
  for (int i = 9; i >= 0; --i) {
    out[static_cast<std::size_t>(i)] = kAlphabet[millis & 31];
    millis >>= 5;
  }
  char random[16];
  fill(random, sizeof random);
  for (std::size_t i = 0; i < 16; ++i) out[10 + i] = kAlphabet[random[i] & 31];
  return out;
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string hex = text::to_hex(bytes);
  for (std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

}  // namespace aw

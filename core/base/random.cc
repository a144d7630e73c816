// SPDX-License-Identifier: Apache-2.0
#include "core/base/random.h"

#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace aw {
namespace {

void ask_kernel(char* out, std::size_t size) {
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

// A child of fork must not repeat its parent's numbers: what was drawn ahead is void there.
std::atomic<std::uint32_t>& forks() {
  static std::atomic<std::uint32_t> count{0};
  static int const registered =
      ::pthread_atfork(nullptr, nullptr, [] { forks().fetch_add(1, std::memory_order_relaxed); });
  if (registered != 0) std::abort();
  return count;
}

// The kernel's bytes, drawn ahead: a request needs several ids, and each system call costs more
// than making the id. What was handed out is zeroed here.
class Drawn {
 public:
  void take(char* out, std::size_t size) {
    auto const now = forks().load(std::memory_order_relaxed);
    if (bytes_.size() - used_ < size || forks_ != now) {
      ask_kernel(bytes_.data(), bytes_.size());
      used_ = 0;
      forks_ = now;
    }
    std::memcpy(out, bytes_.data() + used_, size);
    ::explicit_bzero(bytes_.data() + used_, size);
    used_ += size;
  }

 private:
  std::array<char, 1024> bytes_{};
  std::size_t used_ = 1024;
  std::uint32_t forks_ = 0;
};

void fill(char* out, std::size_t size) {
  constexpr std::size_t kSmall = 32;
  static thread_local Drawn drawn;
  if (size > kSmall) return ask_kernel(out, size);
  drawn.take(out, size);
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

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

char* put_hex(char* at, std::string_view bytes) {
  for (char const c : bytes) {
    auto const byte = static_cast<unsigned char>(c);
    *at++ = kHexDigits[byte >> 4U];
    *at++ = kHexDigits[byte & 15U];
  }
  return at;
}

}  // namespace

std::string random_hex(std::size_t count) {
  std::array<char, 32> bytes{};
  std::string out(2 * count, '\0');
  for (char* at = out.data(); count > 0;) {
    auto const part = std::min(count, bytes.size());
    fill(bytes.data(), part);
    at = put_hex(at, {bytes.data(), part});
    count -= part;
  }
  return out;
}

std::string time_ordered_id(WallTime now, std::string_view prefix) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  auto millis = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  std::string out(prefix.size() + 26, '\0');
  prefix.copy(out.data(), prefix.size());
  char* const at = out.data() + prefix.size();
  for (int i = 9; i >= 0; --i, millis >>= 5U) at[i] = kAlphabet[millis & 31U];
  std::array<char, 16> random{};
  fill(random.data(), random.size());
  for (std::size_t i = 0; i < random.size(); ++i)
    at[10 + i] = kAlphabet[static_cast<unsigned char>(random[i]) & 31U];
  return out;
}

std::string random_uuid() {
  std::array<char, 16> bytes{};
  fill(bytes.data(), bytes.size());
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string out(36, '-');
  char* at = out.data();
  std::string_view rest(bytes.data(), bytes.size());
  for (std::size_t const part : {4U, 2U, 2U, 2U, 6U}) {
    at = put_hex(at, rest.substr(0, part)) + 1;
    rest.remove_prefix(part);
  }
  return out;
}

}  // namespace aw

// SPDX-License-Identifier: Apache-2.0
// Reads DER one element at a time (X.690 §8 and §10), for what certificates hold.
//
// Pure; views point into the bytes given. Every reader answers false, or nullopt, on malformed
// bytes and never reads past their end. Lengths are definite and minimal; tags are one byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aw::rego {

// Tags (X.690 §8.1.2) that certificates use, and those of [n], primitive and constructed.
namespace der {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kObjectId = 0x06;
inline constexpr std::uint8_t kUtf8String = 0x0C;
inline constexpr std::uint8_t kNumericString = 0x12;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kT61String = 0x14;
inline constexpr std::uint8_t kIa5String = 0x16;
inline constexpr std::uint8_t kBmpString = 0x1E;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t context(unsigned n) { return static_cast<std::uint8_t>(0x80U | n); }
constexpr std::uint8_t constructed(unsigned n) { return static_cast<std::uint8_t>(0xA0U | n); }
}  // namespace der

// Views of the bytes read.
struct DerElement {
  std::uint8_t tag = 0;
  std::string_view body;
  std::string_view whole;  // tag and length too
};

class DerReader {
 public:
  explicit DerReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  // The next element of any tag; bodies of up to 4 GiB. False leaves `out` as it was.
  bool next(DerElement& out);
  // The next element, when it has that tag; false leaves the reader where it was.
  bool take(std::uint8_t tag, DerElement& out);
  bool take(std::uint8_t tag, std::string_view& body);

 private:
  std::string_view rest_;
};

// The numbers of an OBJECT IDENTIFIER's body; nullopt when malformed.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> object_id(std::string_view body);
// "2.5.29.17"
[[nodiscard]] std::string dotted(std::vector<std::uint64_t> const& id);
// A non-negative INTEGER's body that fits.
[[nodiscard]] std::optional<std::int64_t> small_integer(std::string_view body);
// The text of a string type as UTF-8; nullopt for other tags or malformed bytes.
[[nodiscard]] std::optional<std::string> der_text(DerElement const& element);

}  // namespace aw::rego

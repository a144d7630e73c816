// SPDX-License-Identifier: Apache-2.0
#include "core/audit/chain.h"

#include <algorithm>
#include <charconv>

namespace aw::audit {
namespace {

constexpr std::string_view kSeq = "{\"seq\":";
constexpr std::string_view kPrev = ",\"prev_hash\":\"";
constexpr std::string_view kHash = ",\"hash\":\"";
constexpr std::size_t kHexLength = 64;
// `,"hash":"<64>"}`
constexpr std::size_t kTrailer = kHash.size() + kHexLength + 2;

bool is_hash(std::string_view text) {
  return text.size() == kHexLength && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Error malformed(std::string_view what) {
  return make_error(Code::audit_integrity, "not a record of this log: " + std::string(what));
}

}  // namespace

Result<Record> Chain::seal(std::string_view members) {
  line_.clear();
  line_.append(kSeq).append(std::to_string(head_.seq + 1));
  line_.append(kPrev).append(head_.hash).append("\",").append(members).append("}");
  if (line_.size() + kTrailer > kMaxRecordBytes) {
    return make_error(Code::audit_unavailable, "record of " + std::to_string(line_.size()) +
                                                   " bytes is too long for the audit log");
  }
  hash_ = hasher_.hex(line_);
  line_.pop_back();
  line_.append(kHash).append(hash_).append("\"}\n");
  return Record{.seq = head_.seq + 1, .line = line_, .hash = hash_};
}

void Chain::commit() {
  ++head_.seq;
  head_.hash = hash_;
}

Result<Links> parse_links(std::string_view line) {
  if (line.size() < kSeq.size() + kTrailer || !line.starts_with(kSeq)) return malformed("no seq");
  Links links;
  char const* const begin = line.data() + kSeq.size();
  auto const [end, error] = std::from_chars(begin, line.data() + line.size(), links.seq);
  if (error != std::errc{} || links.seq == 0 || *begin == '0') return malformed("no seq");
  auto const prev = static_cast<std::size_t>(end - line.data());
  if (line.substr(prev, kPrev.size()) != kPrev) return malformed("no prev_hash");
  links.prev_hash = line.substr(prev + kPrev.size(), kHexLength);
  if (!is_hash(links.prev_hash)) return malformed("no prev_hash");
  auto const trailer = line.substr(line.size() - kTrailer);
  if (!trailer.starts_with(kHash) || !trailer.ends_with("\"}")) return malformed("no hash");
  links.hash = trailer.substr(kHash.size(), kHexLength);
  if (!is_hash(links.hash)) return malformed("no hash");
  return links;
}

std::string expected_hash(tls::Sha256& hasher, std::string_view line) {
  if (line.size() < kTrailer) return {};
  std::string bytes(line.substr(0, line.size() - kTrailer));
  bytes.push_back('}');
  return hasher.hex(bytes);
}

}  // namespace aw::audit

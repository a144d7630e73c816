// SPDX-License-Identifier: Apache-2.0
#include "core/audit/recover.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/audit/lines.h"
#include "core/base/fs.h"

namespace aw::audit {
namespace {

// Enough for the last whole record and a torn one after it.
constexpr std::uint64_t kWindow = 2 * kMaxRecordBytes + 2;

Error unavailable(std::filesystem::path const& path, int number) {
  return errno_error(Code::audit_unavailable, "audit log " + path.string(), number);
}

Result<std::string> read_end(int fd, std::uint64_t from, std::uint64_t to,
                             std::filesystem::path const& path) {
  std::string bytes(to - from, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto const n =
        ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(from + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unavailable(path, errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Error tampered(std::filesystem::path const& path, std::string_view why) {
  return make_error(Code::audit_integrity,
                    "audit log " + path.string() + ": its last record " + std::string(why),
                    "keep the file as evidence: move it away, run `agentweave audit verify` on it, "
                    "and start again");
}

}  // namespace

Result<Recovered> recover(int fd, std::filesystem::path const& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return unavailable(path, errno);
  Recovered out;
  out.size = static_cast<std::uint64_t>(info.st_size);
  if (out.size == 0) return out;

  auto const from = out.size > kWindow ? out.size - kWindow : 0;
  AW_TRY(auto bytes, read_end(fd, from, out.size, path));
  auto const last_newline = bytes.rfind('\n');
  auto const whole = last_newline == std::string::npos ? 0 : last_newline + 1;
  if (whole == 0 && from != 0) return tampered(path, "is longer than any this program writes");

  auto const torn = std::string_view(bytes).substr(whole);
  auto lines = std::string_view(bytes).substr(0, whole);
  if (!lines.empty()) {
    lines.remove_suffix(1);
    auto const line = lines.substr(lines.rfind('\n') + 1);
    auto const links = parse_links(line);
    if (!links.ok()) return tampered(path, "is no record of this log");
    tls::Sha256 hasher;
    if (expected_hash(hasher, line) != links->hash) return tampered(path, "was changed");
    out.head = ChainHead{.seq = links->seq, .hash = std::string(links->hash)};
    out.last_timestamp = string_member(line, "timestamp");
  }
  if (!torn.empty()) {
    auto const aside = path.string() + ".torn-" + std::to_string(out.head.seq + 1);
    AW_TRY(fs::write_file_atomic(aside, torn, fs::Mode::private_file));
    if (::ftruncate(fd, static_cast<off_t>(from + whole)) != 0) return unavailable(path, errno);
    out.size = from + whole;
    out.torn = aside;
  }
  return out;
}

}  // namespace aw::audit

// SPDX-License-Identifier: Apache-2.0
#include "core/tls/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/base/fs.h"
#include "core/base/secret.h"

namespace aw::tls {
namespace {

// Read through one descriptor, so that what was checked is what is read.
Result<Secret> read_private_file(std::filesystem::path const& path) {
  Fd const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts{};
  if (!file.open() || ::fstat(file.get(), &facts) != 0) {
    return errno_error(Code::io, "read private key " + path.string(), errno);
  }
  if (!S_ISREG(facts.st_mode)) {
    return make_error(Code::key_malformed, "private key " + path.string() + " is no file");
  }
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return make_error(Code::key_permissions,
                      "private key " + path.string() + " can be used by others than its owner",
                      "chmod 600 " + path.string());
  }
  std::string bytes;
  bytes.reserve(PrivateKey::kMaxBytes + 4096);  // grown in place: no copies left behind
  std::array<char, 4096> part{};
  ssize_t got = 0;
  while ((got = ::read(file.get(), part.data(), part.size())) > 0) {
    bytes.append(part.data(), static_cast<std::size_t>(got));
    if (bytes.size() > PrivateKey::kMaxBytes) break;
  }
  int const number = errno;
  wipe(part);
  Secret secret(std::move(bytes));
  if (got < 0) return errno_error(Code::io, "read private key " + path.string(), number);
  return secret;
}

}  // namespace

Result<PrivateKey> load_private_key(std::filesystem::path const& path) {
  AW_TRY(Secret const text, read_private_file(path));
  return with_context(PrivateKey::from_pem(text.reveal()), path.string());
}

}  // namespace aw::tls

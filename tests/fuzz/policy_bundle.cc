// needs: aw_authz
// SPDX-License-Identifier: Apache-2.0
// Any bytes as an OPA bundle: as a .tar.gz, or (first byte 't') as the tar inside, which would
// otherwise never be reached. What is accepted survives being written and read again; a signature
// is checked against a fixed key and must not be believed.
#include <cstdint>
#include <cstdlib>

#include "core/authz/bundle.h"
#include "core/authz/bundle_gzip.h"

namespace {

constexpr aw::authz::ArchiveLimits kSmall{
    .packed = 1U << 20, .unpacked = 4U << 20, .files = 64, .name = 99};

void check(std::string_view archive) {
  using namespace aw::authz;
  auto const files = read_archive(archive, kSmall);
  if (!files.ok()) return;
  auto const again = write_archive(*files);
  if (!again.ok()) std::abort();
  auto const read = read_archive(*again, kSmall);
  if (!read.ok() || read->size() != files->size()) std::abort();
  for (std::size_t i = 0; i < files->size(); ++i) {
    bool const same = (*read)[i].name == (*files)[i].name && (*read)[i].bytes == (*files)[i].bytes;
    if (!same) std::abort();
  }
  static_cast<void>(parse_bundle(*files).ok());
  static auto const verifier = BundleVerifier::make("HS256", "nobody signs with this", "", "");
  if (!verifier.ok() || verifier->check(*files).ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  if (!bytes.starts_with('t')) {
    check(bytes);
    return 0;
  }
  auto const packed = aw::authz::gzip(bytes.substr(1));
  if (packed.ok()) check(*packed);
  return 0;
}

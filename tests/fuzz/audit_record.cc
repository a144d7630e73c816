// needs: aw_audit
// SPDX-License-Identifier: Apache-2.0
// Whatever stands in an audit file: no crash, and no line passes whose hash is not its own.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "core/audit/chain.h"
#include "core/audit/query.h"
#include "core/audit/verify.h"
#include "core/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  std::istringstream in{std::string(text)};
  aw::audit::Verifier verifier(aw::audit::Restarts::accepted);
  verifier.read(in, "fuzz");
  static_cast<void>(aw::audit::verify_text(verifier.report()));

  auto const line = text.substr(0, text.find('\n'));
  aw::tls::Sha256 hasher;
  auto const links = aw::audit::parse_links(line);
  bool const good = links.ok() && aw::audit::expected_hash(hasher, line) == links->hash;
  if (!good && verifier.report().records > 0) std::abort();
  auto const filter = aw::audit::Filter::parse(line);
  static_cast<void>(filter.ok());
  return 0;
}

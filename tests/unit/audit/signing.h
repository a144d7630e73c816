// SPDX-License-Identifier: Apache-2.0
// A trust domain whose workloads sign logs at the bench's time, a look at a copy of a log, and what
// somebody does to one who has no key. One thread; keys are minted here and live in memory only.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/audit/chain.h"
#include "core/audit/verify.h"
#include "tests/fixtures/pki.h"
#include "tests/unit/audit/fixture.h"

namespace aw::audit {

struct SigningDomain {
  fixtures::Pki pki{"spiffe://corp.example", tls::KeyType::p256, *parse_rfc3339(kNow)};

  [[nodiscard]] identity::Svid svid(std::string const& path = "/agent/billing",
                                    tls::KeyType type = tls::KeyType::p256) const {
    auto leaf = pki.leaf("spiffe://corp.example" + path, type);
    return fixtures::must(identity::make_svid(std::move(leaf.chain), std::move(leaf.key)));
  }
  [[nodiscard]] identity::Bundles bundles() const {
    auto const domain = fixtures::must(identity::TrustDomain::parse("corp.example"));
    identity::Bundles out;
    out.emplace(domain, fixtures::must(identity::Bundle::make(
                            domain, {.x509_authorities = {pki.certificate()}})));
    return out;
  }
};

inline VerifyReport verify_lines(std::vector<std::string> const& lines, VerifyOptions options) {
  std::string text;
  for (auto const& line : lines) text += line + "\n";
  std::istringstream in(text);
  Verifier verifier(std::move(options));
  verifier.read(in, "copy.awl");
  verifier.finish();
  return verifier.report();
}

// Numbers and hashes anew, as whoever may write the file can: everything but the signatures fits.
// What has lost the shape of a record is given back as it is.
inline std::vector<std::string> rechained(std::vector<std::string> const& lines) {
  std::vector<std::string> out;
  Chain chain(ChainHead{});
  for (auto const& line : lines) {
    auto const from = line.find("\",", line.find("\"prev_hash\""));
    auto const to = line.rfind(",\"hash\":\"");
    if (from == std::string::npos || to == std::string::npos || to < from + 2) return lines;
    auto const record = chain.seal(line.substr(from + 2, to - from - 2));
    if (!record.ok()) return lines;
    out.emplace_back(record->line.substr(0, record->line.size() - 1));
    chain.commit();
  }
  return out;
}

}  // namespace aw::audit

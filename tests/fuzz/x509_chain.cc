// needs: aw_identity
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a peer's certificate chain, DER and PEM, through everything that is asked of one.
// What is verified must have been verified by an authority, and nothing here trusts any.
#include <cstdint>
#include <cstdlib>

#include "core/identity/peer.h"
#include "core/identity/svid.h"

namespace {

using aw::tls::Certificate;

void look_at(Certificate const& certificate) {
  // The bytes need not be those that came in (BER is read too), but must be stable from here on.
  auto const again = Certificate::parse_der(certificate.der());
  if (!again.ok() || !(*again == certificate)) std::abort();
  if (!Certificate::parse_pem(certificate.pem()).ok()) std::abort();
  static_cast<void>(certificate.subject() + certificate.issuer() + certificate.serial_hex() +
                    certificate.subject_key_id() + certificate.public_key());
  static_cast<void>(aw::identity::check_signer(certificate));
}

void judge(std::vector<Certificate> const& chain) {
  for (auto const& certificate : chain) look_at(certificate);
  auto const id = aw::identity::check_leaf(chain.front());
  if (!id.ok()) return;
  aw::identity::Bundles bundles;
  auto bundle = aw::identity::Bundle::make(id->trust_domain(), {});
  if (!bundle.ok()) std::abort();
  bundles.emplace(id->trust_domain(), *bundle);
  auto const peer =
      aw::identity::verify_peer(chain, bundles, {id->trust_domain()}, chain.front().not_before());
  if (peer.ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  if (auto const der = Certificate::parse_der_chain(bytes); der.ok()) judge(*der);
  if (auto const pem = Certificate::parse_pem_chain(bytes); pem.ok()) judge(*pem);
  return 0;
}

// needs: aw_rego
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a certificate, a request or a key: described or refused.
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/rego/der.h"
#include "core/rego/policy.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size > 16'384) return 0;
  std::string bytes(reinterpret_cast<char const*>(data), size);
  aw::rego::DerElement element;
  for (aw::rego::DerReader reader(bytes); reader.next(element);) {
    (void)aw::rego::object_id(element.body);
    (void)aw::rego::der_text(element);
  }
  static auto const policy = [] {
    std::vector<aw::rego::Source> sources = {
        {"fuzz.rego",
         "package p\n"
         "a := crypto.x509.parse_certificates(input)\n"
         "b := crypto.x509.parse_certificate_request(input)\n"
         "c := crypto.parse_private_keys(input)\n"
         "d := crypto.x509.parse_and_verify_certificates(input)\n"}};
    return *aw::rego::compile(sources, {});
  }();
  static auto const query = *policy->prepare("data.p");
  for (std::string const& text : {bytes, aw::text::to_base64(bytes)}) {
    auto outcome = policy->evaluate(query, aw::rego::Value::string(text));
    (void)outcome.value.to_json();
  }
  return 0;
}

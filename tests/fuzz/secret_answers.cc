// needs: aw_secrets
// SPDX-License-Identifier: Apache-2.0
// What Vault, AWS and the metadata service answer: the first byte says which reader gets the rest.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/secrets/document.h"
#include "core/secrets/provider.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const body(reinterpret_cast<char const*>(data) + 1, size - 1);
  using namespace aw::secrets;
  auto const usable = [](std::string_view text) {
    // Goes into a header: it must not be able to end a line.
    if (text.find_first_of("\r\n") != std::string_view::npos || text.empty()) std::abort();
  };
  switch (data[0] % 6) {
    case 0:
      if (auto const login = read_vault_login(body); login.ok()) usable(login->token.reveal());
      break;
    case 1:
      if (auto secret = read_vault_secret(body); secret.ok()) {
        auto const picked = pick(std::move(*secret), "k");
        if (picked.ok() && picked->reveal().size() > kMaxSecretBytes) std::abort();
      }
      break;
    case 2:
      static_cast<void>(read_aws_secret(body).ok());
      break;
    case 3:
      if (auto const keys = read_aws_keys(body); keys.ok()) usable(keys->id);
      break;
    case 4:
      if (auto const keys = read_sts_answer(body); keys.ok()) usable(keys->session.reveal());
      break;
    default:
      if (vault_complaint(body).size() + aws_complaint(body).size() > 4000) std::abort();
      break;
  }
  return 0;
}

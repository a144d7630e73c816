// SPDX-License-Identifier: Apache-2.0
// One HTTPS call to a keeper of secrets, with libcurl: seldom, off the request path, and through
// the proxies and with the trust of this machine.
//
// Blocks up to its timeout; any thread. Never follows a redirect. Plain http only to this machine
// and to link-local addresses (the cloud's metadata service). Errors: Code::secret_unavailable.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/secret.h"

namespace aw::secrets {

// `url` must be safe_for_secrets: Code::secret_unavailable otherwise, before anything is sent.
struct WebRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string ca_path = {};      // PEM; empty = the system's
  std::string certificate = {};  // PEM chain for mutual TLS; empty = none
  Secret key = Secret();         // its key, PEM
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
  enum class Proxy { as_configured, none } proxy = Proxy::as_configured;
};

struct WebAnswer {
  long status = 0;
  std::string body;  // 512 KiB at the most; zeroed when it goes

  WebAnswer() = default;
  ~WebAnswer() { wipe(body); }
  WebAnswer(WebAnswer&&) noexcept = default;
  WebAnswer& operator=(WebAnswer&&) noexcept = default;
  WebAnswer(WebAnswer const&) = delete;
  WebAnswer& operator=(WebAnswer const&) = delete;
};

[[nodiscard]] Result<WebAnswer> web_call(WebRequest request);

// May a secret travel to this URL? https, or http to loopback; link-local for metadata only.
[[nodiscard]] bool safe_for_secrets(std::string_view url);

}  // namespace aw::secrets

// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/web.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace aw::secrets {
namespace {

constexpr std::size_t kMostBytes = 512U << 10U;

struct HandleCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// A short count makes curl stop with CURLE_WRITE_ERROR.
std::size_t take_answer(char* bytes, std::size_t one, std::size_t count, void* target) {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + one * count > kMostBytes) return 0;
  body.append(bytes, one * count);
  return one * count;
}

template <class Value>
void choose(CURL* curl, CURLoption option, Value value) {
  // Fails only for options this libcurl does not know; the tests see what each is for.
  static_cast<void>(curl_easy_setopt(curl, option, value));
}

// Points into `text`, which must outlive the call.
curl_blob blob_of(std::string_view text) {
  return {.data = const_cast<char*>(text.data()), .len = text.size(), .flags = CURL_BLOB_NOCOPY};
}

std::string place_of(std::string const& url) {
  auto const query = url.substr(0, url.find('?'));
  return query;
}

Error web_failure(CURLcode code, WebRequest const& request) {
  auto const what = "call " + place_of(request.url) + ": ";
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return make_error(Code::secret_unavailable, what + "no answer in time");
    case CURLE_WRITE_ERROR:
      return make_error(Code::secret_unavailable, what + "the answer is too large");
    case CURLE_PEER_FAILED_VERIFICATION:
      return make_error(Code::secret_unavailable, what + "its certificate is not trusted",
                        "secrets.vault.ca_path, or the system's trust store");
    default:
      return make_error(Code::secret_unavailable, what + curl_easy_strerror(code));
  }
}

void identify(CURL* curl, WebRequest const& request, curl_blob& certificate, curl_blob& key) {
  if (request.certificate.empty()) return;
  certificate = blob_of(request.certificate);
  key = blob_of(request.key.reveal());
  choose(curl, CURLOPT_SSLCERTTYPE, "PEM");
  choose(curl, CURLOPT_SSLKEYTYPE, "PEM");
  choose(curl, CURLOPT_SSLCERT_BLOB, &certificate);
  choose(curl, CURLOPT_SSLKEY_BLOB, &key);
}

void describe(CURL* curl, WebRequest const& request, curl_slist* headers, std::string& answer) {
  auto const wait = std::chrono::ceil<std::chrono::milliseconds>(request.timeout).count();
  choose(curl, CURLOPT_URL, request.url.c_str());
  choose(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  choose(curl, CURLOPT_FOLLOWLOCATION, 0L);
  choose(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  choose(curl, CURLOPT_NOSIGNAL, 1L);
  choose(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, wait)));
  choose(curl, CURLOPT_HTTPHEADER, headers);
  choose(curl, CURLOPT_WRITEFUNCTION, take_answer);
  choose(curl, CURLOPT_WRITEDATA, &answer);
  choose(curl, CURLOPT_USERAGENT, "agentweave/" AW_VERSION);
  choose(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (request.proxy == WebRequest::Proxy::none) choose(curl, CURLOPT_PROXY, "");
  if (!request.ca_path.empty()) choose(curl, CURLOPT_CAINFO, request.ca_path.c_str());
  if (request.method != "GET") {
    choose(curl, CURLOPT_POST, 1L);
    choose(curl, CURLOPT_POSTFIELDS, request.body.data());
    choose(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    choose(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

std::string_view host_of(std::string_view url) {
  auto rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (rest.starts_with('[')) return rest.substr(0, rest.find(']') + 1);
  return rest.substr(0, rest.find(':'));
}

}  // namespace

bool safe_for_secrets(std::string_view url) {
  if (url.starts_with("https://")) return true;
  if (!url.starts_with("http://") || url.find('@') != std::string_view::npos) return false;
  auto const host = host_of(url);
  // As numbers only: "127.evil.example" is a name.
  bool const number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" ||
         (number && (host.starts_with("127.") || host.starts_with("169.254."))) ||
         host == "[fd00:ec2::254]" || host == "[fd00:ec2::23]";  // metadata, EKS Pod Identity
}

Result<WebAnswer> web_call(WebRequest request) {
  if (!safe_for_secrets(request.url))
    return make_error(
        Code::secret_unavailable,
        "call " + place_of(request.url) + ": a secret would travel without encryption",
        "https://, or plain http on this machine");
  std::unique_ptr<CURL, HandleCloser> const curl(curl_easy_init());
  if (!curl) return make_error(Code::secret_unavailable, "libcurl is not installed");
  std::unique_ptr<curl_slist, ListCloser> headers(curl_slist_append(nullptr, "expect:"));
  for (auto const& [name, value] : request.headers) {
    std::string line = name;
    line.append(": ").append(value);
    auto* const longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) return make_error(Code::secret_unavailable, "out of memory");
    auto* const before = headers.release();
    static_cast<void>(before);  // `longer` is the same list
    headers.reset(longer);
  }
  WebAnswer answer;
  answer.body.reserve(kMostBytes / 16);
  curl_blob certificate{};
  curl_blob key{};
  describe(curl.get(), request, headers.get(), answer.body);
  identify(curl.get(), request, certificate, key);
  auto const done = curl_easy_perform(curl.get());
  if (done != CURLE_OK) return web_failure(done, request);
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace aw::secrets

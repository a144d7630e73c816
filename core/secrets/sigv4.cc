// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/sigv4.h"

#include <algorithm>

#include "core/base/percent.h"
#include "core/base/text.h"
#include "core/tls/digest.h"

namespace aw::secrets {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Blanks around a value go, and runs of them within become one.
std::string squeezed(std::string_view value) {
  std::string out;
  for (char const c : text::trim(value)) {
    bool const blank = c == ' ' || c == '\t';
    if (blank && out.ends_with(' ')) continue;
    out += blank ? ' ' : c;
  }
  return out;
}

std::string canonical_path(std::string_view path) {
  std::string out;
  for (auto const part : text::split(path, '/')) {
    if (!out.empty() || part.data() != path.data()) out += '/';
    out += percent_encoded(part);  // once more than on the wire: every service but S3 wants it so
  }
  return out.empty() ? "/" : out;
}

std::string canonical_query(Pairs query) {
  for (auto& [name, value] : query) {
    name = percent_encoded(name);
    value = percent_encoded(value);
  }
  std::ranges::sort(query);
  std::string out;
  for (auto const& [name, value] : query) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string signing_key(AwsKeys const& keys, std::string_view day, AwsScope const& scope) {
  std::string start = "AWS4" + std::string(keys.secret.reveal());
  auto key = tls::hmac_sha256(start, day);
  wipe(start);
  for (auto const* const part : {&scope.region, &scope.service}) {
    auto next = tls::hmac_sha256(key, *part);
    wipe(key);
    key = std::move(next);
  }
  return tls::hmac_sha256(key, "aws4_request");
}

}  // namespace

std::string amz_date(WallTime time) {
  std::string out;
  for (char const c : format_rfc3339(time).substr(0, 19))  // seconds
    if (c != '-' && c != ':') out += c;
  return out + 'Z';
}

Pairs sign_v4(AwsRequest const& request, AwsScope const& scope, AwsKeys const& keys, WallTime now) {
  auto const date = amz_date(now);
  auto const day = date.substr(0, 8);
  Pairs added{{"x-amz-date", date}};
  if (!keys.session.empty()) added.emplace_back("x-amz-security-token", keys.session.reveal());

  Pairs headers = request.headers;
  headers.emplace_back("host", request.host);
  headers.insert(headers.end(), added.begin(), added.end());
  for (auto& [name, value] : headers) name = text::lower(name);
  std::ranges::sort(headers);
  std::string names;
  std::string lines;
  for (auto const& [name, value] : headers) {
    names += (names.empty() ? "" : ";") + name;
    lines += name + ':' + squeezed(value) + '\n';
  }

  std::string const canonical = request.method + '\n' + canonical_path(request.path) + '\n' +
                                canonical_query(request.query) + '\n' + lines + '\n' + names +
                                '\n' + tls::sha256_hex(request.body);
  auto const credential = day + '/' + scope.region + '/' + scope.service + "/aws4_request";
  auto const to_sign =
      std::string(kAlgorithm) + '\n' + date + '\n' + credential + '\n' + tls::sha256_hex(canonical);
  auto key = signing_key(keys, day, scope);
  auto const signature = text::to_hex(tls::hmac_sha256(key, to_sign));
  wipe(key);
  added.emplace_back("authorization", std::string(kAlgorithm) + " Credential=" + keys.id + '/' +
                                          credential + ", SignedHeaders=" + names +
                                          ", Signature=" + signature);
  return added;
}

}  // namespace aw::secrets

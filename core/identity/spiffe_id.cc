// SPDX-License-Identifier: Apache-2.0
#include "core/identity/spiffe_id.h"

#include <algorithm>

#include "core/base/text.h"

namespace aw::identity {
namespace {

constexpr std::string_view kScheme = "spiffe://";

bool small_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// SPIFFE-ID §2.1: the host of the URI, without port and user info.
bool domain_byte(char c) { return small_or_digit(c) || c == '.' || c == '-' || c == '_'; }
// SPIFFE-ID §2.2
bool path_byte(char c) { return domain_byte(c) || (c >= 'A' && c <= 'Z'); }

// Foreign text in a message: no control bytes, and not pages of it.
std::string quoted(std::string_view text) {
  std::string out = "'" + text::printable(text.substr(0, 100));
  return out + (text.size() > 100 ? "…'" : "'");
}

Error bad_id(std::string what, std::string_view text) {
  return make_error(Code::spiffe_id_malformed, std::move(what) + ": " + quoted(text));
}

Result<void> check_path(std::string_view path, std::string_view whole) {
  for (auto const segment : text::split(path.substr(1), '/')) {
    if (segment.empty()) return bad_id("the path has an empty segment or ends in a slash", whole);
    if (segment == "." || segment == "..") return bad_id("the path has a dot segment", whole);
    if (!std::ranges::all_of(segment, path_byte)) {
      return bad_id("the path holds something other than letters, digits, '.', '-', '_'", whole);
    }
  }
  return {};
}

}  // namespace

Result<TrustDomain> TrustDomain::parse(std::string_view name) {
  if (name.empty()) return bad_id("the trust domain is empty", name);
  if (name.size() > kMaxBytes) return bad_id("the trust domain has more than 255 bytes", name);
  if (!std::ranges::all_of(name, domain_byte)) {
    return bad_id("a trust domain has lower-case letters, digits, '.', '-' and '_' only", name);
  }
  return TrustDomain(std::string(name));
}

Result<SpiffeId> SpiffeId::parse(std::string_view text) {
  if (text.size() > kMaxBytes) return bad_id("a SPIFFE ID has at most 2048 bytes", text);
  if (!text.starts_with(kScheme)) return bad_id("a SPIFFE ID begins with spiffe://", text);
  std::string_view const rest = text.substr(kScheme.size());
  auto const slash = rest.find('/');
  auto domain = TrustDomain::parse(rest.substr(0, slash));
  if (!domain.ok()) return std::move(domain).error().within("SPIFFE ID " + quoted(text));
  if (slash != rest.npos) AW_TRY(check_path(rest.substr(slash), text));
  return SpiffeId(std::move(domain).value(), std::string(text));
}

Result<SpiffeId> SpiffeId::make(TrustDomain const& domain, std::string_view path) {
  if (!path.empty() && path.front() != '/') return bad_id("a path begins with a slash", path);
  return parse(domain.id() + std::string(path));
}

std::string_view SpiffeId::path() const {
  return std::string_view(text_).substr(kScheme.size() + domain_.name().size());
}

std::string_view SpiffeId::last_segment() const {
  std::string_view const whole = path();
  auto const slash = whole.rfind('/');
  return slash == whole.npos ? std::string_view{} : whole.substr(slash + 1);
}

}  // namespace aw::identity

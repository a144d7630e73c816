// SPDX-License-Identifier: Apache-2.0
#include "core/authz/bundle_signature.h"

#include <map>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/tls/digest.h"

namespace aw::authz {
namespace {

constexpr std::string_view kHmac = "HS256";
constexpr std::size_t kMostSignatureBytes = 16U << 20;
constexpr std::size_t kLeastSecretBytes = 16;

using json::Json;

Error refused(std::string const& why, std::string hint = {}) {
  return make_error(Code::policy_signature, "policy bundle: " + why, std::move(hint));
}

std::string member_text(Json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Json> object_of(std::string_view text, std::string const& what) {
  auto parsed = json::parse(text, {.bytes = kMostSignatureBytes, .depth = 16});
  if (!parsed.ok() || !parsed->is_object()) return refused(what + " is no JSON object");
  return std::move(*parsed);
}

// The one token of the file.
Result<std::string> token_of(std::span<const BundleFile> files) {
  auto const found = std::ranges::find(files, kSignaturesFile, &BundleFile::name);
  if (found == files.end()) {
    return refused("it is not signed", "sign it: agentweave policy build --signing-key KEY.pem");
  }
  AW_TRY(auto const document, object_of(found->bytes, found->name));
  auto const signatures = document.find("signatures");
  bool const one = signatures != document.end() && signatures->is_array() &&
                   signatures->size() == 1 && signatures->front().is_string();
  if (!one) return refused(found->name + " must hold exactly one signature");
  auto const plugin = member_text(document, "plugin");
  if (!plugin.empty() && plugin != "_default") {
    return refused("signed by the plugin " + text::printable(plugin) + ", which is not ours");
  }
  return signatures->front().get<std::string>();
}

// name -> digest, as the signed payload lists them.
Result<std::map<std::string, std::string>> listed_files(Json const& payload) {
  std::map<std::string, std::string> out;
  auto const files = payload.find("files");
  if (files == payload.end() || !files->is_array()) return refused("the signature names no files");
  for (auto const& file : *files) {
    if (!file.is_object()) return refused("the signature's list of files is malformed");
    auto const name = member_text(file, "name");
    auto const algorithm = member_text(file, "algorithm");
    if (algorithm != "SHA-256") {
      return refused("digests of kind \"" + text::printable(algorithm) + "\" are not taken",
                     "sign with SHA-256, as `opa sign` and `agentweave policy build` do");
    }
    if (!out.emplace(name, member_text(file, "hash")).second) {
      return refused("the signature names \"" + text::printable(name) + "\" twice");
    }
  }
  return out;
}

Result<void> check_files(std::span<const BundleFile> files,
                         std::map<std::string, std::string> listed) {
  for (auto const& file : files) {
    if (file.name == kSignaturesFile) continue;
    auto const found = listed.find(file.name);
    if (found == listed.end()) return refused("\"" + file.name + "\" is not signed");
    auto const digest = bundle_digest(file);
    if (!digest.ok() || *digest != text::lower(found->second)) {
      return refused("\"" + file.name + "\" is not the file that was signed");
    }
    listed.erase(found);
  }
  if (listed.empty()) return {};
  return refused("\"" + text::printable(listed.begin()->first) + "\" was signed, but is missing");
}

Result<tls::SignatureAlgorithm> algorithm_for(std::string_view name, tls::PublicKey const& key) {
  if (name.empty()) {
    if (auto const own = key.algorithm()) return *own;
    return make_error(Code::config_unsupported,
                      "a key of kind " + key.description() + " does not sign bundles");
  }
  auto const wanted = tls::parse_algorithm(name);
  if (wanted && key.fits(*wanted)) return *wanted;
  return make_error(
      Code::config_unsupported,
      "algorithm " + text::printable(name) + " does not fit the key, which is " + key.description(),
      "ES256, ES384, RS256, PS256, EdDSA; or HS256 with a secret");
}

Result<void> check_secret(std::string_view secret) {
  if (secret.size() >= kLeastSecretBytes) return {};
  return make_error(Code::config_unsupported, "the secret of HS256 is too short",
                    "at least 16 bytes");
}

}  // namespace

Result<BundleVerifier> BundleVerifier::make(std::string_view algorithm, std::string_view key,
                                            std::string key_id, std::string scope) {
  BundleVerifier out;
  out.key_id_ = std::move(key_id);
  out.scope_ = std::move(scope);
  if (algorithm == kHmac) {
    AW_TRY(check_secret(key));
    out.algorithm_ = kHmac;
    out.secret_ = std::make_shared<const Secret>(Secret(std::string(key)));
    return out;
  }
  AW_TRY(out.key_, tls::PublicKey::from_pem(key));
  AW_TRY(auto const used, algorithm_for(algorithm, *out.key_));
  out.algorithm_ = tls::algorithm_name(used);
  return out;
}

bool BundleVerifier::good(std::string_view message, std::string_view signature) const {
  if (secret_ != nullptr) {
    return equal_constant_time(tls::hmac_sha256(secret_->reveal(), message), signature);
  }
  auto const algorithm = tls::parse_algorithm(algorithm_);
  return key_ && algorithm && key_->verify(*algorithm, message, signature);
}

Result<std::string> BundleVerifier::payload_of(std::string_view token) const {
  auto const parts = text::split(token, '.');
  if (parts.size() != 3) return refused("its signature is no JWS");
  auto const header_text = text::from_base64url(parts[0]);
  auto const payload = text::from_base64url(parts[1]);
  auto const signature = text::from_base64url(parts[2]);
  if (!header_text || !payload || !signature) return refused("its signature is no JWS");
  AW_TRY(auto const header, object_of(*header_text, "the signature's header"));
  if (member_text(header, "alg") != algorithm_) {
    return refused("signed with " + text::printable(member_text(header, "alg")) + ", but " +
                   algorithm_ + " is expected");
  }
  if (header.contains("crit")) return refused("the signature has extensions nobody knows here");
  auto const message = token.substr(0, parts[0].size() + 1 + parts[1].size());
  if (!good(message, *signature)) {
    return refused("the signature does not verify with the configured key",
                   "was it signed with another key?");
  }
  return *payload;
}

Result<void> BundleVerifier::check(std::span<const BundleFile> files) const {
  AW_TRY(auto const token, token_of(files));
  AW_TRY(auto const text, payload_of(token));
  AW_TRY(auto const payload, object_of(text, "the signature's payload"));
  if (auto const id = member_text(payload, "keyid");
      !key_id_.empty() && !id.empty() && id != key_id_) {
    return refused("signed with key \"" + text::printable(id) + "\", but \"" + key_id_ +
                   "\" is expected");
  }
  if (member_text(payload, "scope") != scope_) {
    return refused("signed for the scope \"" + text::printable(member_text(payload, "scope")) +
                   "\", but \"" + scope_ + "\" is expected");
  }
  AW_TRY(auto listed, listed_files(payload));
  return check_files(files, std::move(listed));
}

Result<std::string> sign_bundle(std::span<const BundleFile> files, BundleSigner const& signer) {
  Json payload = {{"files", Json::array()}, {"keyid", signer.key_id}};
  if (!signer.scope.empty()) payload["scope"] = signer.scope;
  for (auto const& file : files) {
    AW_TRY(auto const digest, bundle_digest(file));
    payload["files"].push_back({{"name", file.name}, {"hash", digest}, {"algorithm", "SHA-256"}});
  }
  tls::PrivateKey key;
  std::string name(kHmac);
  if (signer.algorithm == kHmac) {
    AW_TRY(check_secret(signer.key));
  } else {
    AW_TRY(key, tls::PrivateKey::from_pem(signer.key));
    AW_TRY(auto const half, key.public_key());
    AW_TRY(auto const used, algorithm_for(signer.algorithm, half));
    name = tls::algorithm_name(used);
  }
  Json const header = {{"alg", name}, {"kid", signer.key_id}, {"typ", "JWT"}};
  auto token = text::to_base64url(header.dump()) + "." + text::to_base64url(payload.dump());
  std::string signature;
  if (key.empty()) {
    signature = tls::hmac_sha256(signer.key, token);
  } else {
    AW_TRY(signature, key.sign(*tls::parse_algorithm(name), token));
  }
  token += "." + text::to_base64url(signature);
  return Json({{"signatures", Json::array({token})}}).dump(1);
}

}  // namespace aw::authz

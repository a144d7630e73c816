// SPDX-License-Identifier: Apache-2.0
#include "commands/support/proof.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr std::string_view kStart = R"({"event_type":"PROOF",)";
constexpr std::string_view kProofSignature = ",\"signature\":\"";
constexpr std::string_view kProofMember = "\",\"proof\":";

Error no_proof(std::string_view why) {
  return make_error(Code::audit_integrity, "report: " + std::string(why));
}

std::string proof_json(Proof const& proof, identity::Svid const& svid,
                       tls::SignatureAlgorithm algorithm) {
  json::Json chain = json::Json::array();
  for (auto const& certificate : svid.chain) chain.push_back(text::to_base64(certificate.der()));
  return json::Json{{"version", 1},
                    {"time", format_rfc3339(proof.time)},
                    {"address", proof.control.address},
                    {"listener", proof.listener},
                    {"tls", {{"version", proof.control.version}, {"cipher", proof.control.cipher}}},
                    {"attacks", attacks_json(proof.attacks)},
                    {"signer", svid.id.text()},
                    {"key", svid.leaf().fingerprint_sha256()},
                    {"algorithm", std::string(tls::algorithm_name(algorithm))},
                    {"chain", std::move(chain)}}
      .dump();
}

Result<std::string> proof_text(json::Json const& object, char const* name) {
  auto const found = object.find(name);
  if (found == object.end() || !found->is_string()) return no_proof(std::string("no ") + name);
  return found->get<std::string>();
}

Result<Verdict> parse_verdict(std::string_view word) {
  for (auto const one :
       {Verdict::refused, Verdict::accepted, Verdict::not_observable, Verdict::unclear}) {
    if (verdict_word(one) == word) return one;
  }
  return no_proof("unknown verdict");
}

Result<Attacks> parse_attacks(json::Json const& object) {
  auto const found = object.find("attacks");
  if (found == object.end() || !found->is_array()) return no_proof("no attacks");
  Attacks out;
  for (auto const& one : *found) {
    if (!one.is_object()) return no_proof("an attack is malformed");
    Attack attack;
    AW_TRY(attack.gate, proof_text(one, "gate"));
    AW_TRY(attack.tried, proof_text(one, "tried"));
    AW_TRY(attack.seen, proof_text(one, "seen"));
    AW_TRY(auto const word, proof_text(one, "verdict"));
    AW_TRY(attack.verdict, parse_verdict(word));
    out.push_back(std::move(attack));
  }
  return out;
}

struct SignedText {
  std::string signature;
  std::string_view object;
};

// An unescaped quote ends a JSON string, so that neither member can stand inside another value.
Result<SignedText> take_apart(std::string_view line) {
  line = text::trim(line);
  if (!line.starts_with(kStart) || !line.ends_with('}')) return no_proof("not one");
  auto const at = line.find(kProofSignature);
  if (at == std::string_view::npos) return no_proof("no signature");
  auto const begin = at + kProofSignature.size();
  auto const end = line.find(kProofMember, begin);
  if (end == std::string_view::npos) return no_proof("nothing is signed");
  auto signature = text::from_base64url(line.substr(begin, end - begin));
  if (!signature) return no_proof("signature malformed");
  auto object = line.substr(end + kProofMember.size());
  object.remove_suffix(1);
  return SignedText{std::move(*signature), object};
}

Result<std::vector<tls::Certificate>> chain_in(json::Json const& object) {
  auto const found = object.find("chain");
  if (found == object.end() || !found->is_array() || found->empty() ||
      found->size() > tls::Certificate::kMaxChain)
    return no_proof("no chain");
  std::vector<std::string> ders;
  for (auto const& one : *found) {
    auto der = one.is_string() ? text::from_base64(one.get_ref<std::string const&>())
                               : std::optional<std::string>();
    if (!der) return no_proof("chain malformed");
    ders.push_back(std::move(*der));
  }
  auto chain = identity::parse_certificates(ders);
  if (!chain.ok()) return no_proof(chain.error().message);
  return chain;
}

Result<Proof> parse_proof(json::Json const& object) {
  Proof out;
  AW_TRY(auto const time, proof_text(object, "time"));
  auto const parsed = parse_rfc3339(time);
  if (!parsed) return no_proof("no time");
  out.time = *parsed;
  AW_TRY(out.control.address, proof_text(object, "address"));
  AW_TRY(out.listener, proof_text(object, "listener"));
  AW_TRY(out.attacks, parse_attacks(object));
  return out;
}

}  // namespace

std::size_t Proof::count(Verdict verdict) const {
  return static_cast<std::size_t>(std::ranges::count(attacks, verdict, &Attack::verdict));
}

bool Proof::stands() const {
  return count(Verdict::accepted) == 0 && count(Verdict::unclear) == 0 &&
         count(Verdict::refused) > 0;
}

json::Json attacks_json(Attacks const& attacks) {
  json::Json out = json::Json::array();
  for (auto const& one : attacks)
    out.push_back({{"gate", one.gate},
                   {"tried", one.tried},
                   {"verdict", std::string(verdict_word(one.verdict))},
                   {"seen", text::printable(one.seen)}});
  return out;
}

Result<std::string> signed_proof(Proof const& proof, identity::Svid const& svid,
                                 std::string_view agent_name) {
  AW_TRY(auto const algorithm, identity::signing_algorithm(svid));
  auto const object = proof_json(proof, svid, algorithm);
  AW_TRY(auto const signature, svid.key.sign(algorithm, std::string(kProofPrefix) + object));
  std::string out(kStart);
  out.append("\"timestamp\":\"").append(format_rfc3339(proof.time)).append("\",\"agent_name\":");
  json::append_string(out, agent_name);
  out.append(kProofSignature).append(text::to_base64url(signature));
  return out.append(kProofMember).append(object).append("}\n");
}

Result<CheckedProof> check_proof(std::string_view line, identity::Bundles const& bundles) {
  AW_TRY(auto const taken, take_apart(line));
  auto const parsed = json::parse(taken.object, {.bytes = kMaxProofBytes, .depth = 8});
  if (!parsed.ok() || !parsed->is_object()) return no_proof("what is signed is malformed");
  auto const& object = *parsed;
  CheckedProof out;
  AW_TRY(out.proof, parse_proof(object));
  AW_TRY(out.signer, proof_text(object, "signer"));
  AW_TRY(auto const name, proof_text(object, "algorithm"));
  auto const algorithm = tls::parse_algorithm(name);
  if (!algorithm) return no_proof("unknown algorithm");
  AW_TRY(auto const chain, chain_in(object));
  auto const good = identity::check_signed(
      {.signer = out.signer, .algorithm = *algorithm, .chain = chain, .time = out.proof.time},
      std::string(kProofPrefix).append(taken.object), taken.signature, bundles);
  if (!good.ok()) return no_proof(good.error().message);
  return out;
}

}  // namespace aw::commands

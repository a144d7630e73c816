// SPDX-License-Identifier: Apache-2.0
#include "core/audit/checkpoint.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/identity/signed.h"

namespace aw::audit {
namespace {

constexpr std::string_view kSignatureMember = ",\"signature\":\"";
constexpr std::string_view kCheckpointMember = "\",\"checkpoint\":";
constexpr std::string_view kTypeMember = "\"event_type\":\"CHECKPOINT\",";
constexpr std::size_t kHashMember = 75;  // `,"hash":"<64>"}`

constexpr auto kReasons = std::to_array<std::pair<SealReason, std::string_view>>({
    {SealReason::start, "start"},
    {SealReason::periodic, "periodic"},
    {SealReason::identity, "identity"},
    {SealReason::file, "file"},
    {SealReason::shutdown, "shutdown"},
});

std::string statement_json(Statement const& statement) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("version", std::int64_t{1}).member("log", statement.log);
  w.member("why", seal_reason_name(statement.why));
  w.member("records", static_cast<std::int64_t>(statement.records)).member("head", statement.head);
  w.member("first", static_cast<std::int64_t>(statement.first));
  w.member("time", format_rfc3339(statement.time));
  w.member("every_seconds", static_cast<std::int64_t>(statement.every.count()));
  w.member("signer", statement.signer).member("key", statement.key);
  w.member("algorithm", tls::algorithm_name(statement.algorithm));
  if (!statement.chain.empty()) {
    w.key("chain").begin_array();
    for (auto const& der : statement.chain) w.string(text::to_base64(der));
    w.end_array();
  }
  w.end_object();
  return out;
}

Error not_a_checkpoint(std::string_view why) {
  return make_error(Code::audit_integrity, "checkpoint: " + std::string(why));
}

Result<std::string> text_at(json::Json const& object, char const* name) {
  auto const found = object.find(name);
  if (found == object.end() || !found->is_string())
    return not_a_checkpoint(std::string("no ") + name);
  return found->get<std::string>();
}

Result<std::uint64_t> number_at(json::Json const& object, char const* name) {
  auto const found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned())
    return not_a_checkpoint(std::string("no ") + name);
  return found->get<std::uint64_t>();
}

Result<SealReason> reason_of(std::string_view name) {
  for (auto const& [why, text] : kReasons) {
    if (text == name) return why;
  }
  return not_a_checkpoint("unknown reason");
}

Result<std::vector<std::string>> chain_of(json::Json const& object) {
  std::vector<std::string> out;
  auto const found = object.find("chain");
  if (found == object.end()) return out;
  if (!found->is_array() || found->size() > tls::Certificate::kMaxChain)
    return not_a_checkpoint("chain malformed");
  for (auto const& one : *found) {
    if (!one.is_string()) return not_a_checkpoint("chain malformed");
    auto der = text::from_base64(one.get_ref<std::string const&>());
    if (!der) return not_a_checkpoint("chain malformed");
    out.push_back(std::move(*der));
  }
  return out;
}

Result<Statement> parse_statement(json::Json const& object) {
  Statement out;
  AW_TRY(auto const version, number_at(object, "version"));
  if (version != 1) return not_a_checkpoint("made by a newer version");
  AW_TRY(out.log, text_at(object, "log"));
  AW_TRY(auto const why, text_at(object, "why"));
  AW_TRY(out.why, reason_of(why));
  AW_TRY(out.records, number_at(object, "records"));
  AW_TRY(out.head, text_at(object, "head"));
  AW_TRY(out.first, number_at(object, "first"));
  AW_TRY(auto const time, text_at(object, "time"));
  auto const parsed = parse_rfc3339(time);
  if (!parsed) return not_a_checkpoint("no time");
  out.time = *parsed;
  AW_TRY(auto const every, number_at(object, "every_seconds"));
  constexpr std::uint64_t kYear = 366ULL * 24 * 3600;
  out.every = std::chrono::seconds(std::min(every, kYear));
  AW_TRY(out.signer, text_at(object, "signer"));
  AW_TRY(out.key, text_at(object, "key"));
  AW_TRY(auto const algorithm, text_at(object, "algorithm"));
  auto const known = tls::parse_algorithm(algorithm);
  if (!known) return not_a_checkpoint("unknown algorithm");
  out.algorithm = *known;
  AW_TRY(out.chain, chain_of(object));
  return out;
}

}  // namespace

std::string_view seal_reason_name(SealReason why) {
  for (auto const& [value, name] : kReasons) {
    if (value == why) return name;
  }
  return "periodic";
}

Result<std::string> checkpoint_members(Statement statement, identity::Svid const& svid,
                                       Chained chained, std::string_view agent_name) {
  AW_TRY(statement.algorithm, identity::signing_algorithm(svid));
  statement.signer = svid.id.text();
  statement.key = svid.leaf().fingerprint_sha256();
  statement.chain.clear();
  if (chained == Chained::with_chain) {
    for (auto const& certificate : svid.chain) statement.chain.push_back(certificate.der());
  }
  auto const object = statement_json(statement);
  AW_TRY(auto const signature,
         svid.key.sign(statement.algorithm, std::string(kSignedPrefix) + object));
  std::string out(kTypeMember);
  out.append("\"timestamp\":\"")
      .append(format_rfc3339(statement.time))
      .append("\",\"agent_name\":");
  json::append_string(out, agent_name);
  out.append(",\"audit_id\":\"c-").append(time_ordered_id(statement.time)).append("\"");
  out.append(kSignatureMember).append(text::to_base64url(signature));
  return out.append(kCheckpointMember).append(object);
}

bool is_checkpoint(std::string_view line) {
  // Behind `{"seq":N,"prev_hash":"<64>",`: a member of that name inside another value cannot stand
  // there.
  auto const comma = line.find(',');
  constexpr std::size_t kPrevHashMember = 80;  // `,"prev_hash":"<64>",`
  return comma != std::string_view::npos &&
         line.substr(std::min(line.size(), comma + kPrevHashMember)).starts_with(kTypeMember);
}

Result<Checkpoint> parse_checkpoint(std::string_view line) {
  if (!is_checkpoint(line) || line.size() < kHashMember) return not_a_checkpoint("not one");
  auto const body = line.substr(0, line.size() - kHashMember);
  // An unescaped quote ends a JSON string, so that neither can stand inside one.
  auto const at = body.find(kSignatureMember);
  if (at == std::string_view::npos) return not_a_checkpoint("no signature");
  auto const begin = at + kSignatureMember.size();
  auto const end = body.find(kCheckpointMember, begin);
  if (end == std::string_view::npos) return not_a_checkpoint("no statement");
  auto signature = text::from_base64url(body.substr(begin, end - begin));
  if (!signature) return not_a_checkpoint("signature malformed");
  auto const object = body.substr(end + kCheckpointMember.size());
  auto parsed = json::parse(object);
  if (!parsed.ok() || !parsed->is_object()) return not_a_checkpoint("statement malformed");
  AW_TRY(auto statement, parse_statement(*parsed));
  return Checkpoint{.statement = std::move(statement),
                    .signed_bytes = std::string(kSignedPrefix).append(object),
                    .signature = std::move(*signature)};
}

}  // namespace aw::audit

// SPDX-License-Identifier: Apache-2.0
#include "commands/support/drills.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/drill_ground.h"
#include "commands/support/drill_pdp.h"
#include "commands/support/drill_transcript.h"
#include "core/audit/verify.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/decisions/reader.h"
#include "core/runtime/make_identity.h"

namespace aw::commands {
namespace {

constexpr char kPartner[] = "partner.invalid";
constexpr std::chrono::seconds kLastLife{2};

std::string after(std::optional<std::chrono::nanoseconds> took) {
  return took ? " after " + format_duration(*took) : ", not within eight seconds";
}

std::string number(std::optional<double> value) {
  if (!value) return "absent";
  return std::to_string(static_cast<long long>(*value));
}

// Every drill begins and ends with it.
void see_service(DrillGround const& ground, Transcript& script) {
  auto const seen = ground.call();
  script.see("caller " + ground.caller().id.text() + ", action \"" + ground.action() +
                 "\": " + seen.text(),
             seen.status == 200);
}

void see_recovery(DrillGround const& ground, Transcript& script) {
  auto const took = ground.until([&] { return ground.call().status == 200; });
  script.see("serves again" + after(took), took.has_value());
}

// --- opa-down

// One breaker's; the series without an endpoint sums them up.
bool breaker_is(DrillGround const& ground, std::string const& endpoint, std::string const& state) {
  return ground.metric({"agentweave_authz_circuit_breaker_state", "endpoint=\"" + endpoint + '"',
                        "state=\"" + state + '"'}) == 1;
}

void see_closed(DrillGround const& ground, std::string const& endpoint, Transcript& script) {
  auto const seen = ground.call();
  script.see(seen.text() + ": fail closed", seen.status == 503 && seen.code == "AW3010");
  auto const opened = ground.until([&] {
    static_cast<void>(ground.call());  // each that is denied tells the breaker
    return breaker_is(ground, endpoint, "open");
  });
  script.see("agentweave_authz_circuit_breaker_state{state=\"open\"} 1" + after(opened),
             opened.has_value());
  auto const later = ground.call();
  script.see(later.text(), later.status == 503 && !later.retry.empty());
}

Result<void> opa_down(DrillGround& ground, Transcript& script) {
  if (!ground.config().authorization.embedded())
    return make_error(Code::usage, "the drill opa-down needs a project with policies of its own",
                      "authorization.policy_dir");
  AW_TRY(auto const pdp, DrillPdp::open(ground.config().authorization, ground.context().clock));
  AW_TRY(ground.restart(
      {"authorization.policy_dir=", "authorization.opa_endpoints=[" + pdp->url() + "]",
       "authorization.circuit_breaker.failure_threshold=3",
       "authorization.circuit_breaker.success_threshold=1",
       "authorization.circuit_breaker.timeout=1"}));
  script.tell("policy is asked at " + pdp->url() + " from now on");
  see_service(ground, script);
  pdp->take_away();
  script.tell("nobody answers there any more");
  see_closed(ground, pdp->url(), script);
  AW_TRY(pdp->bring_back());
  script.tell("it answers again");
  see_recovery(ground, script);
  auto const closed = ground.until([&] { return breaker_is(ground, pdp->url(), "closed"); });
  script.see("agentweave_authz_circuit_breaker_state{state=\"closed\"} 1" + after(closed),
             closed.has_value());
  return ground.restart();
}

// --- svid-expire, identity-withdrawn

void see_no_identity(DrillGround const& ground, identity::Svid const& as, Transcript& script) {
  auto const refused = ground.until([&] { return ground.call(as).status == 0; });
  script.see(ground.call(as).text() + after(refused), refused.has_value());
  auto const unready = ground.until([&] { return ground.readiness() == 503; });
  script.see("/readyz " + std::to_string(ground.readiness()), unready.has_value());
}

Result<void> svid_expire(DrillGround& ground, Transcript& script) {
  see_service(ground, script);
  auto held = ground.linger(ground.caller());
  AW_TRY(ground.issuer().let_expire(kLastLife));
  script.tell("the SVID has " + format_duration(kLastLife) + " left, and no other comes");
  see_no_identity(ground, ground.caller(), script);
  if (held) {
    bool const ended = held->hear().end != tls::Probe::End::silent;
    script.see("a connection from before is closed", ended);
  }
  AW_TRY(ground.issuer().restore());
  script.tell("the issuer issues again");
  see_recovery(ground, script);
  return {};
}

Result<void> identity_withdrawn(DrillGround& ground, Transcript& script) {
  see_service(ground, script);
  auto const before = ground.caller();
  AW_TRY(ground.issuer().withdraw());
  script.tell("the Workload API says PermissionDenied");
  see_no_identity(ground, before, script);
  AW_TRY(ground.issuer().restore());
  script.tell("the identity is given back");
  see_recovery(ground, script);
  return {};
}

// --- ca-rotate

// Ten calls while this stage lasts; the authorities that vouch meanwhile.
void see_stage(DrillGround& ground, std::string const& stage, Transcript& script, int& failed) {
  constexpr int kCalls = 10;
  int good = 0;
  for (int i = 0; i < kCalls; ++i) good += ground.call().status == 200 ? 1 : 0;
  failed += kCalls - good;
  auto const cas = ground.issuer().bundle().x509_authorities().size();
  script.see(stage + ": " + std::to_string(cas) + " CA" + (cas == 1 ? "" : "s") +
                 " in the bundle, " + std::to_string(good) + " of " + std::to_string(kCalls) +
                 " calls answered 200",
             good == kCalls);
}

Result<void> ca_rotate(DrillGround& ground, Transcript& script) {
  int failed = 0;
  see_stage(ground, "before", script, failed);
  auto const old = ground.caller();
  auto const rotations = ground.metric({"agentweave_svid_rotation_total"});
  AW_TRY(ground.issuer().rotate_ca());
  see_stage(ground, "prepared", script, failed);
  AW_TRY(ground.issuer().advance_ca());
  see_stage(ground, "active (new SVIDs are the new CA's)", script, failed);
  AW_TRY(ground.issuer().advance_ca());
  see_stage(ground, "the old CA is gone", script, failed);
  script.see("requests failed during rotation: " + std::to_string(failed), failed == 0);
  auto const refused = ground.until([&] { return ground.call(old).status == 0; });
  script.see("an SVID of the old CA: " + ground.call(old).text(), refused.has_value());
  auto const now = ground.metric({"agentweave_svid_rotation_total"});
  script.see("agentweave_svid_rotation_total " + number(rotations) + " → " + number(now),
             now.value_or(0) > rotations.value_or(0));
  return {};
}

// --- clock-skew

std::string replay_headers(WallTime time, std::string const& nonce) {
  return "x-agentweave-nonce: " + nonce + "\r\nx-agentweave-timestamp: " + format_rfc3339(time) +
         "\r\n";
}

std::string fresh_nonce() { return text::to_base64url(random_bytes(16)); }

Result<void> clock_skew(DrillGround& ground, Transcript& script) {
  auto const now = [&ground] { return ground.context().clock.now(); };
  auto const right = ground.call(ground.caller(), replay_headers(now(), fresh_nonce()));
  script.see("a caller whose clock is right: " + right.text(), right.status == 200);
  auto const before = ground.metric({"agentweave_replay_rejections_total"});
  constexpr std::chrono::hours kHour{1};
  for (auto const& [off, words] :
       {std::pair{-kHour, "an hour behind"}, std::pair{kHour, "an hour ahead"}}) {
    auto const seen = ground.call(ground.caller(), replay_headers(now() + off, fresh_nonce()));
    script.see(std::string("a caller whose clock is ") + words + ": " + seen.text(),
               seen.status == 409 && seen.code == "AW4004");
  }
  auto const later = ground.metric({"agentweave_replay_rejections_total"});
  script.see("agentweave_replay_rejections_total " + number(before) + " → " + number(later),
             later.value_or(0) >= before.value_or(0) + 2);
  see_service(ground, script);
  return {};
}

// --- federation-split

Result<std::unique_ptr<identity::DevIssuer>> partner_issuer(Clock const& clock) {
  AW_TRY(auto domain, identity::TrustDomain::parse(kPartner));
  AW_TRY(auto id, identity::SpiffeId::make(domain, "/agent/partner"));
  return identity::DevIssuer::create(
      {.domain = domain, .identities = {{.id = id, .name = "partner", .dns_names = {}}}}, clock);
}

enum class Partner : std::uint8_t { kept_out, let_in };

void see_partner(DrillGround const& ground, identity::Svid const& partner, Partner expected,
                 Transcript& script) {
  auto const met = ground.until([&] {
    auto const is = ground.call(partner).status != 0 ? Partner::let_in : Partner::kept_out;
    return is == expected;
  });
  script.see(partner.id.text() + ": " + ground.call(partner).text() + after(met), met.has_value());
}

Result<void> federation_split(DrillGround& ground, Transcript& script) {
  AW_TRY(auto const issuer, partner_issuer(ground.context().clock));
  auto const partner = issuer->snapshots().latest().value->svid();
  auto const domain = partner.id.trust_domain();
  script.tell(std::string(kPartner) + " may call; its bundle is not here");
  see_partner(ground, partner, Partner::kept_out, script);
  AW_TRY(ground.issuer().add_federated(issuer->bundle()));
  script.tell("its bundle came: TLS lets it in, policy decides");
  see_partner(ground, partner, Partner::let_in, script);
  auto held = ground.linger(partner);
  AW_TRY(ground.issuer().remove_federated(domain));
  script.tell("the federation is split");
  see_partner(ground, partner, Partner::kept_out, script);
  if (held) {
    bool const ended = held->hear().end != tls::Probe::End::silent;
    script.see("its connection from before is closed", ended);
  }
  see_service(ground, script);
  AW_TRY(ground.issuer().add_federated(issuer->bundle()));
  script.tell("the bundle is back");
  see_partner(ground, partner, Partner::let_in, script);
  return ground.issuer().remove_federated(domain);
}

// --- restart

Result<void> see_state(DrillGround const& ground, std::string const& decision, Transcript& script) {
  AW_TRY(auto reader, decisions::Reader::open(ground.directory() / "state" / "decisions"));
  auto const kept = reader.find(decision);
  script.see("decision " + decision + " of before is " + (kept.ok() ? "kept" : "gone"), kept.ok());
  std::array<std::filesystem::path, 1> const files = {ground.directory() / "audit.log"};
  AW_TRY(auto const report, audit::verify_files(files, {}));
  script.see("audit log: " + std::to_string(report.records) + " records, " +
                 (report.whole() ? "no gap, no edit" : report.broken->reason),
             report.whole());
  return {};
}

Result<void> restart_agent(DrillGround& ground, Transcript& script) {
  auto const headers = replay_headers(ground.context().clock.now(), fresh_nonce());
  auto const first = ground.call(ground.caller(), headers);
  script.see("a call with a nonce: " + first.text(), first.status == 200);
  auto const began = ground.context().clock.steady();
  AW_TRY(ground.restart());
  script.tell("the agent was stopped and started again in " +
              format_duration(ground.context().clock.steady() - began));
  auto const again = ground.call(ground.caller(), headers);
  script.see("the same nonce: " + again.text(), again.status == 409 && again.code == "AW4002");
  see_service(ground, script);
  return see_state(ground, first.decision, script);
}

struct Drill {
  std::string_view name;
  Result<void> (*run)(DrillGround& ground, Transcript& script);
};

constexpr std::array<Drill, 7> kAllDrills = {{
    {"opa-down", opa_down},
    {"svid-expire", svid_expire},
    {"identity-withdrawn", identity_withdrawn},
    {"ca-rotate", ca_rotate},
    {"clock-skew", clock_skew},
    {"federation-split", federation_split},
    {"restart", restart_agent},
}};

constexpr auto kDrillNames = [] {
  std::array<std::string_view, kAllDrills.size()> out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kAllDrills[i].name;
  return out;
}();

}  // namespace

std::span<const std::string_view> drill_names() { return kDrillNames; }

Result<Exit> run_drills(std::vector<std::string> const& names, config::LoadRequest const& request,
                        Context& context) {
  AW_TRY(auto const ground, DrillGround::open({.request = request, .partner = kPartner}, context));
  json::Json data = json::Json::array();
  bool all = true;
  for (auto const& name : names) {
    if (context.interrupt().stop_requested()) return Exit::interrupted;
    Transcript script(name, context);
    auto const* const drill = std::ranges::find(kAllDrills, std::string_view(name), &Drill::name);
    auto const done = drill->run(*ground, script);
    if (!done.ok()) {
      script.see("could not go on: " + done.error().text(), false);
      AW_TRY(ground->restart());  // the next one begins with a sound system
    }
    script.close();
    all = all && script.behaved();
    data.push_back(script.json());
  }
  if (context.machine_readable()) context.print("Drills", data, [](std::ostream&) {});
  return all ? Exit::ok : Exit::failed;
}

}  // namespace aw::commands

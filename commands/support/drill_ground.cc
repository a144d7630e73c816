// SPDX-License-Identifier: Apache-2.0
#include "commands/support/drill_ground.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "commands/support/attack.h"
#include "commands/support/exposition.h"
#include "commands/support/serving.h"
#include "commands/support/wait.h"
#include "commands/support/web.h"
#include "core/base/fs.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/http/client.h"
#include "core/identity/dev_provider.h"

namespace aw::commands {
namespace {

constexpr std::chrono::seconds kCallPatience{3};
constexpr std::chrono::seconds kMostPatience{8};
constexpr std::chrono::milliseconds kLookAgain{50};

std::string header_of(std::string_view answer, std::string const& name) {
  auto const lower = text::lower(answer.substr(0, answer.find("\r\n\r\n")));
  auto const at = lower.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  auto const begin = at + name.size() + 4;
  return std::string(answer.substr(begin, answer.find("\r\n", begin) - begin));
}

// The first AWnnnn in it.
std::string code_in(std::string_view answer) {
  constexpr std::size_t kLength = 6;
  for (auto at = answer.find("AW"); at != std::string_view::npos; at = answer.find("AW", at + 1))
    if (parse_code(answer.substr(at, kLength)) && answer.size() >= at + kLength)
      return std::string(answer.substr(at, kLength));
  return {};
}

Seen seen_in(tls::Probe::Heard const& heard) {
  auto const statuses = statuses_in(heard.bytes);
  if (statuses.empty()) return {.why = heard.why.empty() ? "closed without an answer" : heard.why};
  return {.status = statuses.front(),
          .code = statuses.front() >= 400 ? code_in(heard.bytes) : std::string(),
          .retry = header_of(heard.bytes, "retry-after"),
          .decision = header_of(heard.bytes, "x-agentweave-decision-id")};
}

bool whole_answer(std::string_view bytes) {
  auto const end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  auto const length = header_of(bytes, "content-length");
  std::size_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  return bytes.size() >= end + 4 + size;
}

}  // namespace

std::string Seen::text() const {
  if (status == 0) return "no answer: " + why;
  std::string out = std::to_string(status);
  if (!code.empty()) out += ' ' + code;
  if (!retry.empty()) out += ", Retry-After " + retry;
  return out;
}

DrillGround::DrillGround(Spec spec, std::filesystem::path directory, Context& context)
    : spec_(std::move(spec)), directory_(std::move(directory)), context_(context) {}

DrillGround::~DrillGround() {
  agent_.reset();
  std::error_code ignored;  // a directory in /tmp that stays is no harm
  std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<DrillGround>> DrillGround::open(Spec spec, Context& context) {
  auto directory = std::filesystem::temp_directory_path() / ("agentweave-drill-" + random_hex(6));
  AW_TRY(fs::make_private_directory(directory));
  std::unique_ptr<DrillGround> ground(
      new DrillGround(std::move(spec), std::move(directory), context));
  AW_TRY(ground->start({}));
  ground->choose_action();
  return ground;
}

Result<void> DrillGround::start(std::vector<std::string> const& settings) {
  auto request = spec_.request;
  auto const place = directory_.string();
  for (auto const& one :
       {"identity.provider=dev", "server.host=127.0.0.1", "server.port=0", "server.admin.port=0",
        "observability.metrics.enabled=true", "observability.metrics.host=127.0.0.1",
        "observability.metrics.port=0", "observability.logging.level=CRITICAL",
        "server.shutdown_delay_seconds=0", "authorization.cache_ttl_seconds=0"})
    request.overrides.emplace_back(one);
  request.overrides.push_back("identity.dev.socket=" + place + "/agent.sock");
  request.overrides.push_back("state.directory=" + place + "/state");
  request.overrides.push_back("authorization.audit.destination=file://" + place + "/audit.log");
  if (!spec_.partner.empty())
    request.overrides.push_back("identity.allowed_trust_domains=[" +
                                config::inspect(spec_.request).config.agent.trust_domain + ", " +
                                spec_.partner + "]");
  request.overrides.insert(request.overrides.end(), settings.begin(), settings.end());
  AW_TRY(loaded_, load_checked(request, context_));
  AW_TRY(agent_,
         runtime::Runtime::start(loaded_, context_.clock, runtime::Seams(), context_.interrupt()));
  AW_TRY(auto const url, http::parse_url(agent_->listening().agent));
  host_ = url.endpoint.host;
  port_ = url.endpoint.port;
  return {};
}

Result<void> DrillGround::restart(std::vector<std::string> const& settings) {
  bool const clean = agent_->drain().finished;
  agent_.reset();
  if (!clean) return make_error(Code::check_failed, "the agent did not finish its work");
  return start(settings);
}

identity::DevIssuer& DrillGround::issuer() {
  // `start` said identity.provider=dev.
  return dynamic_cast<identity::DevProvider&>(agent_->identity_provider()).issuer();
}

identity::Svid DrillGround::caller() const {
  auto& provider = dynamic_cast<identity::DevProvider&>(agent_->identity_provider());
  auto const snapshot = provider.issuer().snapshots().latest().value;
  for (auto const& svid : snapshot->svids)
    if (svid.hint == "client") return svid;
  return snapshot->has_identity() ? snapshot->svid() : agent_->svid();
}

std::string DrillGround::request_text(std::string const& action, std::string const& headers) const {
  auto const body = R"({"task_type":")" + action + R"(","payload":{}})";
  return "POST /a2a/v1/tasks HTTP/1.1\r\nHost: drill\r\nContent-Type: application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

Result<tls::Probe> DrillGround::dial(identity::Svid const& as) const {
  return tls::Probe::open({.host = host_,
                           .port = port_,
                           .patience = kCallPatience,
                           .chain = as.chain,
                           .key = as.key,
                           .alpn = {"http/1.1"}});
}

Seen DrillGround::call(identity::Svid const& as, std::string const& headers) const {
  auto probe = dial(as);
  if (!probe.ok()) return {.why = probe.error().message};
  auto const sent = probe->send(request_text(action_, "Connection: close\r\n" + headers));
  auto heard = probe->hear();
  if (!sent.ok() && heard.why.empty()) heard.why = sent.error().message;
  return seen_in(heard);
}

std::optional<tls::Probe> DrillGround::linger(identity::Svid const& as) const {
  auto probe = dial(as);
  if (!probe.ok() || !probe->send(request_text(action_, "")).ok()) return std::nullopt;
  if (probe->hear(whole_answer).end != tls::Probe::End::enough) return std::nullopt;
  return *std::move(probe);
}

void DrillGround::choose_action() {
  auto const& all = loaded_.config.agent.capabilities;
  for (auto const& capability : all) {
    action_ = capability.name;
    if (call().status == 200) return;
  }
  action_ = all.empty() ? "drill" : all.front().name;
}

std::optional<double> DrillGround::metric(std::vector<std::string> const& parts) const {
  auto const answer = web_get(agent_->listening().metrics + "/metrics", kCallPatience);
  if (!answer.ok()) return std::nullopt;
  auto const whole = parse_exposition(answer->body);
  if (!whole.ok()) return std::nullopt;
  std::optional<double> sum;
  for (auto const& sample : whole->samples) {
    auto const series = sample.series();
    bool const meant = std::ranges::all_of(parts, [&series](std::string const& part) {
      return series.find(part) != std::string::npos;
    });
    if (meant) sum = sum.value_or(0) + sample.value;
  }
  return sum;
}

int DrillGround::readiness() const {
  auto const answer = web_get(agent_->listening().metrics + "/readyz", kCallPatience);
  return answer.ok() ? static_cast<int>(answer->status) : 0;
}

std::optional<std::chrono::nanoseconds> DrillGround::until(
    std::function<bool()> const& holds) const {
  auto const began = context_.clock.steady();
  while (!holds()) {
    if (context_.clock.steady() - began > kMostPatience) return std::nullopt;
    if (wait_for(context_.interrupt(), kLookAgain) == Waited::interrupted) return std::nullopt;
  }
  return context_.clock.steady() - began;
}

}  // namespace aw::commands

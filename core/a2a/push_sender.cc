// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/push_sender.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>

#include "core/a2a/dial_guard.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

constexpr std::string_view kPrivateWebhook =
    "url must be a public https address (a2a.push.allow_private is off)";

// One attempt under way. Owns what libcurl only points to.
struct Transfer {
  std::string name;
  std::string url;
  std::string body;
  std::uint64_t sequence = 0;
  std::size_t answered = 0;  // bytes
  curl_slist* headers = nullptr;
  CURL* handle = nullptr;
  bool allow_private = false;
  bool refused = false;  // an address was not to be dialled

  Transfer() = default;
  ~Transfer() {
    curl_easy_cleanup(handle);
    curl_slist_free_all(headers);
  }
  Transfer(Transfer const&) = delete;
  Transfer& operator=(Transfer const&) = delete;

  void header(std::string const& line) { headers = curl_slist_append(headers, line.c_str()); }
};

// Asked for each address libcurl is about to dial: what was resolved is what is checked.
curl_socket_t open_checked(void* context, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (!transfer.allow_private && !is_public_address(address->addr)) {
    transfer.refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// A webhook's answer interests nobody: a small one is read so that the connection can be kept.
std::size_t discard(char*, std::size_t size, std::size_t count, void* total) {
  auto& seen = *static_cast<std::size_t*>(total);
  seen += size * count;
  return seen > 64U << 10U ? 0 : size * count;
}

void add_headers(Transfer& transfer, Webhook const& config) {
  transfer.header(config.dialect == Dialect::v0_3 ? "content-type: application/json"
                                                  : "content-type: application/a2a+json");
  transfer.header("expect:");
  if (!config.token.empty()) transfer.header("X-A2A-Notification-Token: " + config.token);
  if (!config.scheme.empty()) {
    transfer.header("Authorization: " + config.scheme +
                    (config.credentials.empty() ? "" : " " + config.credentials));
  }
}

template <class Value>
void set_option(Transfer& transfer, CURLoption option, Value value) {
  // Fails only for options this libcurl does not know; the tests dial what must not be dialled.
  static_cast<void>(curl_easy_setopt(transfer.handle, option, value));
}

void configure(Transfer& transfer, std::chrono::seconds timeout) {
  auto const* const protocols = transfer.allow_private ? "http,https" : "https";
  set_option(transfer, CURLOPT_URL, transfer.url.c_str());
  set_option(transfer, CURLOPT_PROTOCOLS_STR, protocols);
  set_option(transfer, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(transfer, CURLOPT_PROXY, "");
  set_option(transfer, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set_option(transfer, CURLOPT_OPENSOCKETFUNCTION, &open_checked);
  set_option(transfer, CURLOPT_OPENSOCKETDATA, &transfer);
  set_option(transfer, CURLOPT_HTTPHEADER, transfer.headers);
  set_option(transfer, CURLOPT_POST, 1L);
  set_option(transfer, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer.body.size()));
  set_option(transfer, CURLOPT_POSTFIELDS, transfer.body.data());
  set_option(transfer, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count() * 1000));
  set_option(transfer, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count() * 500));
  set_option(transfer, CURLOPT_NOSIGNAL, 1L);
  set_option(transfer, CURLOPT_WRITEFUNCTION, &discard);
  set_option(transfer, CURLOPT_WRITEDATA, &transfer.answered);
  set_option(transfer, CURLOPT_USERAGENT, "agentweave/" AW_VERSION);
  // A kept connection would skip the check of the address.
  set_option(transfer, CURLOPT_FORBID_REUSE, 1L);
  // A look-up that is late is left to end by itself: this thread would wait for it, and all others'
  // webhooks with it, as long as a name server that a caller chose keeps silent.
  set_option(transfer, CURLOPT_QUICK_EXIT, 1L);
}

PushResult result_of(Transfer const& transfer, CURLcode code) {
  using Outcome = PushResult::Outcome;
  PushResult out{.name = transfer.name, .sequence = transfer.sequence};
  if (code != CURLE_OK) {
    out.outcome = transfer.refused ? Outcome::refused : Outcome::failed;
    out.reason = transfer.refused ? "the address is not public" : curl_easy_strerror(code);
    return out;
  }
  long status = 0;
  static_cast<void>(curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status));
  bool const taken = status >= 200 && status < 300;
  out.outcome = taken ? Outcome::delivered : status == 410 ? Outcome::refused : Outcome::failed;
  if (!taken) out.reason = "answered " + std::to_string(status);
  return out;
}

}  // namespace

struct PushSender::Impl {
  std::vector<PushResult> collect();  // what has ended

  PushSenderOptions options;
  CURLM* multi = nullptr;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers;
};

PushSender::PushSender(PushSenderOptions options) : impl_(std::make_unique<Impl>()) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  impl_->options = options;
  impl_->multi = curl_multi_init();
}

PushSender::~PushSender() {
  for (auto const& [handle, transfer] : impl_->transfers)
    curl_multi_remove_handle(impl_->multi, handle);
  impl_->transfers.clear();
  curl_multi_cleanup(impl_->multi);
}

bool PushSender::send(PushJob const& job) {
  if (impl_->transfers.size() >= impl_->options.concurrency) return false;
  auto transfer = std::make_unique<Transfer>();
  transfer->handle = curl_easy_init();
  if (transfer->handle == nullptr) return false;
  transfer->name = job.name;
  transfer->sequence = job.sequence;
  transfer->url = job.config.url;
  transfer->body = job.body;
  transfer->allow_private = impl_->options.allow_private;
  add_headers(*transfer, job.config);
  configure(*transfer, impl_->options.timeout);
  if (curl_multi_add_handle(impl_->multi, transfer->handle) != CURLM_OK) return false;
  auto* const handle = transfer->handle;
  impl_->transfers.emplace(handle, std::move(transfer));
  return true;
}

std::vector<PushResult> PushSender::wait(SteadyTime until) {
  int running = 0;
  static_cast<void>(curl_multi_perform(impl_->multi, &running));
  // What ended at once has no socket left that could end the wait.
  if (auto ended = impl_->collect(); !ended.empty()) return ended;
  auto const left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_now()).count();
  // Interrupted polls come back early, which is all we need.
  static_cast<void>(curl_multi_poll(impl_->multi, nullptr, 0,
                                    static_cast<int>(std::clamp<std::int64_t>(left, 0, 30'000)),
                                    nullptr));
  static_cast<void>(curl_multi_perform(impl_->multi, &running));
  return impl_->collect();
}

std::vector<PushResult> PushSender::Impl::collect() {
  std::vector<PushResult> out;
  int queued = 0;
  while (auto* const message = curl_multi_info_read(multi, &queued)) {
    if (message->msg != CURLMSG_DONE) continue;
    auto* const handle = message->easy_handle;
    auto const code = message->data.result;
    curl_multi_remove_handle(multi, handle);
    auto const found = transfers.find(handle);
    if (found == transfers.end()) continue;
    out.push_back(result_of(*found->second, code));
    transfers.erase(found);
  }
  return out;
}

void PushSender::wake() { static_cast<void>(curl_multi_wakeup(impl_->multi)); }

Result<void> check_webhook(std::string_view url, bool allow_private) {
  if (allow_private) return {};
  auto const bad = [] { return make_error(Code::request_malformed, std::string(kPrivateWebhook)); };
  if (!text::lower(url.substr(0, 8)).starts_with("https://")) return bad();
  auto authority = url.substr(8, url.find_first_of("/?#", 8) - 8);
  if (auto const colon = authority.rfind(':');
      colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos)
    authority = authority.substr(0, colon);
  if (text::lower(authority) == "localhost" || !may_be_public_host(authority)) return bad();
  return {};
}

}  // namespace aw::a2a

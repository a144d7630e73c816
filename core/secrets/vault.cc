// SPDX-License-Identifier: Apache-2.0
// HashiCorp Vault, KV version 2 (its HTTP API): log in with what we are (our SVID at the cert
// method, a JWT-SVID at the jwt method) or with a token somebody put into a file; read.
#include <mutex>

#include "core/base/json.h"
#include "core/secrets/document.h"
#include "core/secrets/provider.h"
#include "core/secrets/web.h"

namespace aw::secrets {
namespace {

// A token is not used in its last seconds: it might end on its way.
constexpr auto kTokenMargin = std::chrono::seconds(10);

class VaultProvider final : public SecretsProvider {
 public:
  VaultProvider(Config const& config, Ourselves who, Clock const& clock)
      : config_(config.vault), timeout_(config.timeout), who_(std::move(who)), clock_(clock) {
    if (config_.address.ends_with('/')) config_.address.pop_back();
  }

  Result<Secret> fetch(Entry const& entry) override {
    std::lock_guard const lock(mutex_);
    bool const fresh = token_.empty();
    auto read = read_once(entry);
    // A token may have been revoked long before its time; one new login finds out.
    if (read.ok() || fresh || !refused_) return read;
    token_ = Secret();
    return read_once(entry);
  }

  [[nodiscard]] std::string source(Entry const& entry) const override {
    return "vault " + config_.address + ' ' + config_.mount + '/' + entry.path;
  }

 private:
  Result<Secret> read_once(Entry const& entry) {
    refused_ = false;
    AW_TRY(log_in());
    auto request = request_for("GET", config_.mount + "/data/" + entry.path);
    request.headers.emplace_back("x-vault-token", token_.reveal());
    AW_TRY(auto const answer, web_call(std::move(request)));
    refused_ = answer.status == 403;
    if (answer.status != 200) return refusal("read " + config_.mount + '/' + entry.path, answer);
    return with_context(read_vault_secret(answer.body), "vault " + entry.path);
  }

  Result<void> log_in() {
    if (config_.auth == VaultAuth::token) return take_token_file();
    if (!token_.empty() && clock_.steady() < token_until_) return {};
    auto method = config_.auth_mount;
    if (method.empty()) method = config_.auth == VaultAuth::cert ? "cert" : "jwt";
    auto request = request_for("POST", "auth/" + method + "/login");
    request.headers.emplace_back("content-type", "application/json");
    json::Writer body(request.body);
    body.begin_object();
    std::string_view const role = config_.auth == VaultAuth::cert ? "name" : "role";
    if (!config_.role.empty()) body.member(role, config_.role);
    if (config_.auth == VaultAuth::jwt) {
      if (!who_.jwt) return nobody();
      AW_TRY(auto token, who_.jwt(config_.audience));
      body.member("jwt", token);
      wipe(token);
    }
    body.end_object();
    AW_TRY(auto const answer, web_call(std::move(request)));
    if (answer.status != 200) return refusal("log in at auth/" + method, answer);
    AW_TRY(auto login, read_vault_login(answer.body));
    token_ = std::move(login.token);
    token_until_ =
        login.lease.count() == 0 ? SteadyTime::max() : clock_.steady() + login.lease - kTokenMargin;
    return {};
  }

  // Read anew each time: whoever keeps it there renews it.
  Result<void> take_token_file() {
    Entry file;
    file.file = config_.token_file;
    AW_TRY(token_, with_context(files_->fetch(file), "secrets.vault.token_file"));
    bool const clean = token_.reveal().find_first_of("\r\n\t ") == std::string_view::npos;
    if (!token_.empty() && clean) return {};
    token_ = Secret();
    return make_error(Code::secret_malformed, config_.token_file + " holds no token");
  }

  [[nodiscard]] static Error nobody() {
    return make_error(Code::secret_unavailable,
                      "vault knows us by our SVID, and there is none yet");
  }

  WebRequest request_for(std::string method, std::string const& path) {
    WebRequest out{.method = std::move(method),
                   .url = config_.address + "/v1/" + path,
                   .ca_path = config_.ca_path,
                   .timeout = timeout_};
    if (!config_.name_space.empty())
      out.headers.emplace_back("x-vault-namespace", config_.name_space);
    // The header browsers cannot be made to send: Vault's agents refuse requests without it.
    out.headers.emplace_back("x-vault-request", "true");
    if (config_.auth == VaultAuth::cert) present_ourselves(out);
    return out;
  }

  // Vault binds a cert login to the connection's certificate; so every call presents it.
  void present_ourselves(WebRequest& request) const {
    auto const svid = who_.svid ? who_.svid() : std::nullopt;
    if (!svid) return;  // Vault will say so
    auto key = svid->key.pem();
    if (!key.ok()) return;
    for (auto const& one : svid->chain) request.certificate += one.pem();
    request.key = std::move(*key);
  }

  static Error refusal(std::string const& doing, WebAnswer const& answer) {
    auto message = "vault: " + doing + ": status " + std::to_string(answer.status);
    if (auto const words = vault_complaint(answer.body); !words.empty()) message += ": " + words;
    std::string hint;
    // Vault's login methods answer 400 to who is nobody's, and 403 to what a token may not.
    if (answer.status == 400)
      hint =
          "secrets.vault.role names no role that lets us in: its allowed_uri_sans (cert), or "
          "bound_subject and bound_audiences (jwt)";
    if (answer.status == 403) hint = "its policy, or the role's, does not allow it";
    if (answer.status == 404) hint = "no such secret, or it was deleted";
    return make_error(Code::secret_unavailable, std::move(message), std::move(hint));
  }

  VaultConfig config_;
  std::chrono::nanoseconds timeout_;
  Ourselves who_;
  Clock const& clock_;
  std::unique_ptr<SecretsProvider> files_ = file_provider();

  std::mutex mutex_;  // guards what follows; held while Vault is asked
  Secret token_;
  SteadyTime token_until_{};
  bool refused_ = false;
};

}  // namespace

std::unique_ptr<SecretsProvider> vault_provider(Config const& config, Ourselves who,
                                                Clock const& clock) {
  return std::make_unique<VaultProvider>(config, std::move(who), clock);
}

}  // namespace aw::secrets

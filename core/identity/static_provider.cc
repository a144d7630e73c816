// SPDX-License-Identifier: Apache-2.0
#include "core/identity/static_provider.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/tls/key_file.h"

namespace aw::identity {
namespace {

Result<Bundle> read_bundle(TrustDomain const& domain, std::filesystem::path const& path) {
  AW_TRY(std::string const text, fs::read_file(path, Bundle::kMaxJsonBytes));
  auto bundle = text::trim(text).starts_with('{') ? Bundle::parse_json(domain, text)
                                                  : Bundle::parse_pem(domain, text);
  return with_context(std::move(bundle), path.string());
}

Result<Svid> read_svid(StaticFiles const& files) {
  AW_TRY(tls::PrivateKey key, tls::load_private_key(files.key));
  AW_TRY(std::string const text,
         fs::read_file(files.certificate, tls::Certificate::kMaxBundleBytes));
  AW_TRY(auto chain,
         with_context(tls::Certificate::parse_pem_chain(text), files.certificate.string()));
  return with_context(make_svid(std::move(chain), std::move(key)), files.certificate.string());
}

Result<void> check_svid(Svid const& svid, StaticFiles const& files, WallTime now) {
  if (files.expected_id && svid.id != *files.expected_id) {
    return make_error(Code::peer_mismatch, files.certificate.string() + " is the identity of " +
                                               svid.id.text() + ", but " +
                                               files.expected_id->text() + " is configured");
  }
  if (now >= svid.not_after()) {
    return make_error(Code::svid_expired, files.certificate.string() + " expired at " +
                                              format_rfc3339(svid.not_after()));
  }
  return {};
}

// Changes whenever one of the files is replaced or written.
std::string fingerprint(StaticFiles const& files) {
  std::string out;
  auto const look = [&](std::filesystem::path const& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) {
      out += "-;";
      return;
    }
    for (auto const number :
         {static_cast<std::int64_t>(facts.st_ino), static_cast<std::int64_t>(facts.st_size),
          static_cast<std::int64_t>(facts.st_mode), static_cast<std::int64_t>(facts.st_mtim.tv_sec),
          static_cast<std::int64_t>(facts.st_mtim.tv_nsec)}) {
      out += std::to_string(number) + ",";
    }
    out += ";";
  };
  look(files.certificate);
  look(files.key);
  look(files.authorities);
  for (auto const& federated : files.federated) look(federated.path);
  return out;
}

}  // namespace

Result<Snapshot> load_static(StaticFiles const& files, WallTime now) {
  AW_TRY(Svid svid, read_svid(files));
  AW_TRY(check_svid(svid, files, now));
  Snapshot snapshot;
  TrustDomain const own = svid.id.trust_domain();
  AW_TRY(Bundle bundle, read_bundle(own, files.authorities));
  snapshot.bundles.emplace(own, std::move(bundle));
  for (auto const& federated : files.federated) {
    AW_TRY(Bundle other, read_bundle(federated.domain, federated.path));
    if (!snapshot.bundles.emplace(federated.domain, std::move(other)).second) {
      return make_error(Code::bundle_malformed,
                        "two bundles for " + federated.domain.name() + " are configured");
    }
  }
  snapshot.svids.push_back(std::move(svid));
  snapshot.received = now;
  return snapshot;
}

struct StaticProvider::Impl {
  Impl(StaticFiles which, Clock const& time, std::chrono::milliseconds every)
      : files(std::move(which)), clock(time), poll(every) {}

  StaticFiles const files;
  Clock const& clock;
  std::chrono::milliseconds const poll;

  std::mutex reading;  // one reading at a time; taken before `mutex`
  mutable std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  io::Watch<Snapshot>* watch = nullptr;
  std::string seen;  // the files' fingerprint at the latest reading
  std::optional<Svid> current;
  std::uint64_t generation = 0;
  ProviderStatus status;
  std::thread thread;

  Result<void> read();
  void publish(Snapshot snapshot);
  void watch_files();
};

Result<void> StaticProvider::Impl::read() {
  std::lock_guard const one(reading);
  std::string const before = fingerprint(files);
  auto snapshot = load_static(files, clock.now());
  {
    std::lock_guard const lock(mutex);
    seen = before;
    if (!snapshot.ok()) {
      ++status.failures;
      status.last_error = snapshot.error();
      return std::move(snapshot).error();
    }
  }
  publish(std::move(snapshot).value());
  return {};
}

void StaticProvider::Impl::publish(Snapshot snapshot) {
  io::Watch<Snapshot>* into = nullptr;
  {
    std::lock_guard const lock(mutex);
    if (stopping || watch == nullptr) return;
    into = watch;
    snapshot.generation = ++generation;
    if (current && !(current->leaf() == snapshot.svid().leaf())) ++status.rotations;
    current = snapshot.svid();
    status.state = ProviderState::serving;
    status.last_error.reset();
    status.last_update = snapshot.received;
  }
  into->publish(std::move(snapshot));  // not under the lock: listeners may ask for our status
}

void StaticProvider::Impl::watch_files() {
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, poll, [this] { return stopping; })) {
    std::string const last = seen;
    lock.unlock();
    // A failure is kept in the status; the next change of a file tries again.
    if (fingerprint(files) != last) static_cast<void>(read());
    lock.lock();
  }
}

StaticProvider::StaticProvider(StaticFiles files, Clock const& clock,
                               std::chrono::milliseconds poll)
    : impl_(std::make_unique<Impl>(std::move(files), clock, poll)) {}

StaticProvider::~StaticProvider() { stop(); }

Result<void> StaticProvider::start(io::Watch<Snapshot>& watch) {
  {
    std::lock_guard const lock(impl_->mutex);
    if (impl_->watch != nullptr) return make_error(Code::internal, "started twice");
    impl_->watch = &watch;
  }
  AW_TRY(impl_->read());
  impl_->thread = std::thread([impl = impl_.get()] { impl->watch_files(); });
  return {};
}

void StaticProvider::stop() {
  {
    std::lock_guard const lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
  std::lock_guard const last(impl_->reading);  // a reload under way publishes before we return
}

ProviderStatus StaticProvider::status() const {
  std::lock_guard const lock(impl_->mutex);
  ProviderStatus out = impl_->status;
  if (impl_->current && impl_->clock.now() >= impl_->current->not_after()) {
    out.state = ProviderState::expired;
  }
  return out;
}

Result<void> StaticProvider::reload() { return impl_->read(); }

}  // namespace aw::identity

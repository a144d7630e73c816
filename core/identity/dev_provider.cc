// SPDX-License-Identifier: Apache-2.0
#include "core/identity/dev_provider.h"

#include <mutex>
#include <utility>

#include "core/identity/provider_journal.h"

namespace aw::identity {

struct DevProvider::Impl {
  Impl(DevProviderOptions given, Clock const& the_clock)
      : options(std::move(given)), clock(the_clock) {}

  // On whatever thread changed the issuer.
  void pass_on(std::shared_ptr<const Snapshot> const& snapshot);

  DevProviderOptions const options;
  Clock const& clock;
  ProviderJournal journal;
  std::mutex mutex;
  io::Watch<Snapshot>* watch =
      nullptr;                        // under mutex; the caller's, null before start and after stop
  std::unique_ptr<DevIssuer> issuer;  // its listeners use all of the above
  std::unique_ptr<WorkloadServer> server;
};

void DevProvider::Impl::pass_on(std::shared_ptr<const Snapshot> const& snapshot) {
  std::lock_guard const lock(mutex);
  if (watch == nullptr) return;
  if (snapshot->has_identity()) {
    journal.arrived(*snapshot);
  } else {
    journal.denied(
        make_error(Code::workload_api_denied, "the development identity is withdrawn (a drill)"),
        clock.now());
  }
  watch->publish(snapshot);
}

DevProvider::DevProvider(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<DevProvider>> DevProvider::create(DevProviderOptions options,
                                                         Clock const& clock) {
  auto impl = std::make_unique<Impl>(std::move(options), clock);
  AW_TRY(impl->issuer, DevIssuer::create(impl->options.issuer, clock));
  impl->issuer->snapshots().on_change(
      [self = impl.get()](io::Watch<Snapshot>::Seen const& seen) { self->pass_on(seen.value); });
  return std::unique_ptr<DevProvider>(new DevProvider(std::move(impl)));
}

DevProvider::~DevProvider() { stop(); }

Result<void> DevProvider::start(io::Watch<Snapshot>& watch) {
  if (!impl_->options.socket.empty()) {
    AW_TRY(impl_->server,
           WorkloadServer::start(impl_->options.socket, *impl_->issuer, impl_->clock));
  }
  {
    std::lock_guard const lock(impl_->mutex);
    impl_->watch = &watch;
  }
  impl_->pass_on(impl_->issuer->snapshots().latest().value);
  impl_->issuer->start();
  return {};
}

void DevProvider::stop() {
  impl_->issuer->stop();
  if (impl_->server) impl_->server->stop();
  std::lock_guard const lock(impl_->mutex);
  impl_->watch = nullptr;
}

ProviderStatus DevProvider::status() const { return impl_->journal.status(impl_->clock.now()); }

Result<void> DevProvider::reload() { return impl_->issuer->renew(); }

DevIssuer& DevProvider::issuer() { return *impl_->issuer; }

std::optional<std::string> DevProvider::workload_address() const {
  if (!impl_->server) return std::nullopt;
  return impl_->server->address();
}

}  // namespace aw::identity

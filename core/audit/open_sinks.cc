// SPDX-License-Identifier: Apache-2.0
#include "core/audit/open_sinks.h"

#include <unistd.h>

#include <array>

#include "core/audit/destination.h"
#include "core/audit/file_sink.h"
#include "core/audit/spool_sink.h"
#include "core/audit/stream_sink.h"
#include "core/audit/transport.h"

namespace aw::audit {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

// A sink that brings along the system calls it is made of.
template <class Sink>
class WithCalls final : public AuditSink {
 public:
  template <class Make>
  explicit WithCalls(Make make) : sink_(make(calls_)) {}
  Result<Resumed> resume() override { return sink_->resume(); }
  Result<void> append(Record const& record) override { return sink_->append(record); }
  [[nodiscard]] Appended append_all(Batch const& batch) override {
    return sink_->append_all(batch);
  }
  [[nodiscard]] std::uint64_t oldest() const override { return sink_->oldest(); }
  [[nodiscard]] std::uint64_t segment() const override { return sink_->segment(); }
  [[nodiscard]] std::string name() const override { return sink_->name(); }
  [[nodiscard]] std::uint64_t waiting_bytes() const override { return sink_->waiting_bytes(); }
  [[nodiscard]] Keeps keeps() const override { return sink_->keeps(); }
  void flush(std::chrono::nanoseconds deadline) override { sink_->flush(deadline); }

 private:
  FileCalls calls_;
  std::unique_ptr<Sink> sink_;
};

std::unique_ptr<AuditSink> open_spool(Config const& config, Destination const& destination,
                                      std::string const& state_directory, Clock const& clock,
                                      log::Log& log) {
  auto transport = destination.kind == Destination::Kind::http
                       ? http_transport(destination)
                       : syslog_transport(destination, host_name());
  // The directory is named after the whole address, so that another destination never inherits a
  // spool.
  auto const given = destination.url.empty() ? destination.name : destination.url;
  SpoolOptions options{.directory = std::filesystem::path(state_directory) / "audit-spool" /
                                    tls::sha256_hex(given).substr(0, 16),
                       .name = destination.name,
                       .max_bytes = config.spool_max_bytes};
  auto report = [&log, name = destination.name](std::string const& error) {
    if (error.empty()) {
      log.info(log::Component::audit, "audit destination takes records again",
               {{"destination", name}});
    } else {
      log.warning(log::Component::audit, "audit records wait for their destination",
                  {{"destination", name}, {"error", error}});
    }
  };
  return std::make_unique<WithCalls<SpoolSink>>([&](FileCalls& calls) {
    return std::make_unique<SpoolSink>(std::move(options), std::move(transport), clock, calls,
                                       std::move(report));
  });
}

std::unique_ptr<AuditSink> open_one(Config const& config, Destination const& destination,
                                    std::string const& state_directory, Clock const& clock,
                                    log::Log& log) {
  switch (destination.kind) {
    case Destination::Kind::standard_output:
      return std::make_unique<StreamSink>(STDOUT_FILENO, destination.name);
    case Destination::Kind::standard_error:
      return std::make_unique<StreamSink>(STDERR_FILENO, destination.name);
    case Destination::Kind::file:
      return std::make_unique<WithCalls<FileSink>>([&](FileCalls& calls) {
        return std::make_unique<FileSink>(
            FileSinkOptions{
                .path = destination.path, .rotation = config.rotation, .sync = config.sync},
            clock, calls);
      });
    case Destination::Kind::syslog:
    case Destination::Kind::http:
      return open_spool(config, destination, state_directory, clock, log);
  }
  return nullptr;
}

}  // namespace

Result<std::vector<std::unique_ptr<AuditSink>>> open_sinks(Config const& config,
                                                           std::string const& state_directory,
                                                           Clock const& clock, log::Log& log) {
  std::vector<std::unique_ptr<AuditSink>> out;
  for (auto const& text : config.destinations) {
    AW_TRY(auto const destination, parse_destination(text));
    out.push_back(open_one(config, destination, state_directory, clock, log));
  }
  return out;
}

}  // namespace aw::audit

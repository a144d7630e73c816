// SPDX-License-Identifier: Apache-2.0
#include "core/identity/static_provider.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/base/fs.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "tests/fixtures/ca.h"

using namespace aw;
using namespace aw::fixtures;
using namespace std::chrono_literals;
namespace sfs = std::filesystem;

namespace {

// A directory with one identity's files, gone with the test.
class Files {
 public:
  Files() { sfs::create_directories(directory_); }
  ~Files() { sfs::remove_all(directory_); }
  Files(Files const&) = delete;
  Files& operator=(Files const&) = delete;

  void put(std::string const& name, std::string_view bytes, fs::Mode mode = fs::Mode::public_file) {
    must(fs::write_file_atomic(directory_ / name, bytes, mode));
  }
  void put(Identity const& identity, TestCa const& ca) {
    std::string chain;
    for (auto const& certificate : identity.chain) chain += certificate.pem();
    put("ca.pem", ca.bundle().pem());
    put("key.pem", must(identity.key.pem()).reveal(), fs::Mode::private_file);
    put("cert.pem", chain);
  }
  [[nodiscard]] sfs::path path(std::string const& name) const { return directory_ / name; }
  [[nodiscard]] identity::StaticFiles files() const {
    return {path("cert.pem"), path("key.pem"), path("ca.pem"), {}, {}};
  }

 private:
  sfs::path directory_ =
      sfs::temp_directory_path() / ("aw-static-" + text::to_hex(random_bytes(8)));
};

Code code_of(identity::StaticFiles const& files, WallTime now) {
  auto const loaded = identity::load_static(files, now);
  REQUIRE_FALSE(loaded.ok());
  CHECK_FALSE(loaded.error().message.empty());
  return loaded.error().code;
}

}  // namespace

TEST_CASE("files become a snapshot with the own bundle and the federated ones") {
  TestCa const ca;
  TestCa const partner("partner.org");
  Files files;
  files.put(ca.mint(ca.spec("/agent")), ca);
  files.put("partner.json", partner.bundle().json());
  auto which = files.files();
  which.federated = {{partner.domain(), files.path("partner.json")}};
  auto const snapshot = must(identity::load_static(which, ca.now()));
  REQUIRE(snapshot.has_identity());
  CHECK(snapshot.svid().id.text() == "spiffe://example.org/agent");
  CHECK(snapshot.bundles.size() == 2);
  CHECK(snapshot.bundles.at(partner.domain()).x509_authorities().size() == 1);
}

TEST_CASE("a key that others can read is refused") {
  TestCa const ca;
  Files files;
  files.put(ca.mint(ca.spec("/agent")), ca);
  for (unsigned const mode : {0640U, 0604U, 0660U, 0644U}) {
    REQUIRE(::chmod(files.path("key.pem").c_str(), mode) == 0);
    CHECK(code_of(files.files(), ca.now()) == Code::key_permissions);
  }
  REQUIRE(::chmod(files.path("key.pem").c_str(), 0400) == 0);
  CHECK(identity::load_static(files.files(), ca.now()).ok());
}

TEST_CASE("the certificate must be the configured identity's") {
  TestCa const ca;
  Files files;
  files.put(ca.mint(ca.spec("/agent")), ca);
  auto which = files.files();
  which.expected_id = spiffe_id("spiffe://example.org/agent");
  CHECK(identity::load_static(which, ca.now()).ok());
  which.expected_id = spiffe_id("spiffe://example.org/other");
  CHECK(code_of(which, ca.now()) == Code::peer_mismatch);
}

TEST_CASE("bad file sets are refused, each with its own code") {
  TestCa const ca;
  Files files;
  files.put(ca.mint(ca.spec("/agent")), ca);
  CHECK(code_of(files.files(), ca.now() + 2h) == Code::svid_expired);
  auto spec = ca.spec("/agent");
  spec.key_usage.clear();
  files.put(ca.mint(spec), ca);
  CHECK(code_of(files.files(), ca.now()) == Code::svid_malformed);
  files.put(ca.mint(ca.spec("/agent")), ca);
  files.put("key.pem", must(ca.mint(ca.spec("/agent")).key.pem()).reveal(), fs::Mode::private_file);
  CHECK(code_of(files.files(), ca.now()) == Code::key_malformed);
  files.put("key.pem", "no key", fs::Mode::private_file);
  CHECK(code_of(files.files(), ca.now()) == Code::key_malformed);
  files.put(ca.mint(ca.spec("/agent")), ca);
  files.put("ca.pem", "no bundle");
  CHECK(code_of(files.files(), ca.now()) == Code::bundle_malformed);
  sfs::remove(files.path("ca.pem"));
  CHECK(code_of(files.files(), ca.now()) == Code::io);
  sfs::remove(files.path("key.pem"));
  CHECK(code_of(files.files(), ca.now()) == Code::io);
}

TEST_CASE("the provider publishes, follows a reload, and keeps the last good set") {
  TestCa const ca;
  StandingClock clock{ca.now()};
  Files files;
  files.put(ca.mint(ca.spec("/agent")), ca);
  io::Watch<identity::Snapshot> watch;
  identity::StaticProvider provider(files.files(), clock, 1h);
  CHECK(provider.status().state == identity::ProviderState::waiting);
  must(provider.start(watch));
  auto const first = watch.latest();
  REQUIRE(first.value != nullptr);
  CHECK(first.value->generation == 1);
  CHECK(provider.status().state == identity::ProviderState::serving);

  files.put(ca.mint(ca.spec("/agent")), ca);
  must(provider.reload());
  auto const second = watch.latest();
  CHECK(second.version == first.version + 1);
  CHECK(provider.status().rotations == 1);

  files.put("cert.pem", "broken");
  CHECK_FALSE(provider.reload().ok());
  CHECK(watch.latest().version == second.version);
  auto const status = provider.status();
  CHECK(status.state == identity::ProviderState::serving);
  CHECK(status.failures == 1);
  REQUIRE(status.last_error.has_value());

  clock.advance(2h);
  CHECK(provider.status().state == identity::ProviderState::expired);
  provider.stop();
  provider.stop();
}

TEST_CASE("the provider sees changed files by itself") {
  TestCa const ca;
  StandingClock const clock{ca.now()};
  Files files;
  files.put(ca.mint(ca.spec("/agent")), ca);
  io::Watch<identity::Snapshot> watch;
  identity::StaticProvider provider(files.files(), clock, 2ms);
  must(provider.start(watch));
  auto const version = watch.version();
  files.put(ca.mint(ca.spec("/other")), ca);
  identity::Snapshot const* seen = nullptr;
  auto latest = watch.latest();
  for (auto from = version; seen == nullptr; from = latest.version) {
    latest = watch.wait_newer(from, 20s);
    REQUIRE(latest.version > from);
    // Files change one after another: what stands between may be refused or still be the old one.
    if (latest.value->svid().id.path() == "/other") seen = latest.value.get();
  }
  CHECK(provider.status().rotations >= 1);
  provider.stop();
}

TEST_CASE("a provider whose files cannot be used does not start") {
  TestCa const ca;
  StandingClock const clock{ca.now()};
  Files files;
  io::Watch<identity::Snapshot> watch;
  identity::StaticProvider provider(files.files(), clock);
  CHECK_FALSE(provider.start(watch).ok());
  CHECK(watch.latest().value == nullptr);
}

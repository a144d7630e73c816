// SPDX-License-Identifier: Apache-2.0
// audit_verify_bench [RECORDS]: how fast a signed audit log is verified, on one core: writes a log
// of decisions with a checkpoint every thousand records, as an agent would, and verifies it whole.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "tests/fixtures/pki.h"
#include "tests/unit/audit/fixture.h"

namespace {

using namespace aw;
using namespace aw::audit;

constexpr int kRecordsPerSeal = 1000;
constexpr int kRounds = 5;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Signer {
  fixtures::Pki pki{"spiffe://corp.example", tls::KeyType::p256, *parse_rfc3339(kNow)};
  fixtures::Identity leaf = pki.leaf("spiffe://corp.example/agent/billing");
  identity::Svid svid = fixtures::must(identity::make_svid(leaf.chain, leaf.key));

  [[nodiscard]] VerifyOptions trusting() const {
    auto const domain = fixtures::must(identity::TrustDomain::parse("corp.example"));
    VerifyOptions out;
    out.trust.bundles.emplace(domain, fixtures::must(identity::Bundle::make(
                                          domain, {.x509_authorities = {pki.certificate()}})));
    return out;
  }
};

void write_log(Bench& bench, Signer const& signer, int records) {
  auto config = bench.config();
  config.rotation.max_bytes = 0;
  auto log = bench.open(config);
  log->sign_with({.max_records = 30'000, .max_age = std::chrono::hours(9)},
                 [&signer] { return std::optional(signer.svid); });
  for (int i = 1; i <= records; ++i) {
    fixtures::must(log->record(decision_event("action" + std::to_string(i))));
    if (i % kRecordsPerSeal == 0) fixtures::must(log->seal(SealReason::periodic));
  }
  log->close(std::chrono::nanoseconds(0));
}

}  // namespace

int main(int argc, char** argv) {
  int const records = argc > 1 ? std::atoi(argv[1]) : 200'000;
  Bench bench;
  Signer const signer;
  write_log(bench, signer, records);
  std::vector<std::filesystem::path> const files = {bench.file()};
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    auto const began = cpu_seconds();
    auto const report = fixtures::must(verify_files(files, signer.trusting()));
    auto const rate = static_cast<double>(report.records) / (cpu_seconds() - began);
    if (!report.whole()) return std::fputs("the log is not whole\n", stderr), 1;
    std::printf("%llu records, %llu checkpoints, %.0f MiB: %.0f records a CPU second\n",
                static_cast<unsigned long long>(report.records),
                static_cast<unsigned long long>(report.seals.checkpoints),
                static_cast<double>(std::filesystem::file_size(bench.file())) / (1U << 20U), rate);
    best = std::max(best, rate);
  }
  std::printf("best of %d: %.0f records a CPU second\n", kRounds, best);
  return 0;
}

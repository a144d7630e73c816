// SPDX-License-Identifier: Apache-2.0
#include "core/audit/verify.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "core/audit/lines.h"
#include "core/base/text.h"

namespace aw::audit {
namespace {

// 184220 -> "184 220"
std::string grouped(std::uint64_t number) {
  auto out = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3) {
    out.insert(static_cast<std::size_t>(at), " ");
  }
  return out;
}

std::string plural(std::uint64_t count, std::string_view noun) {
  return grouped(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

// "2026-11-23T02:13:40.112Z" -> "02:13:40.112Z"
std::string time_of_day(std::string const& time) {
  auto const at = time.find('T');
  return at == std::string::npos ? time : time.substr(at + 1);
}

Result<std::uint64_t> first_seq(std::filesystem::path const& path) {
  AW_TRY(auto in, open_log_file(path));
  if (!std::filesystem::is_regular_file(path))
    return make_error(Code::audit_unreadable,
                      "audit log " + path.string() + " can be read once only: its place among " +
                          "several is not known",
                      "give it alone, or keep it in a file first");
  LineReader reader(in);
  auto const line = reader.next();
  if (!line) return std::uint64_t{0};
  auto const links = parse_links(line->text);
  // A file whose first line is broken still has to be verified: it goes first and fails there.
  return links.ok() ? links->seq : 0;
}

}  // namespace

void Verifier::fail(std::uint64_t seq, std::string_view line, std::string reason) {
  report_.broken = Break{.file = file_,
                         .line = line_,
                         .seq = seq,
                         .time = text::printable(string_member(line, "timestamp").substr(0, 40)),
                         .reason = std::move(reason)};
}

std::string Verifier::problem(std::string_view line, Links const& links) {
  if (expected_hash(hasher_, line) != links.hash) return "hash differs";
  if (report_.records == 0) {
    if (links.seq == 1 && links.prev_hash != kGenesis) return "record 1 follows another record";
    return {};
  }
  auto const next = report_.head.seq + 1;
  if (links.seq == next) {
    if (links.prev_hash != report_.head.hash) {
      return "prev_hash is not the hash of the record before it";
    }
    return {};
  }
  if (links.seq > next) {
    if (links.seq == next + 1) return "record " + grouped(next) + " is missing";
    return "records " + grouped(next) + " to " + grouped(links.seq - 1) + " are missing";
  }
  if (links.seq == 1 && links.prev_hash == kGenesis) {
    if (options_.restarts == Restarts::accepted) return {};
    return "the chain starts anew";
  }
  return "out of order: expected record " + grouped(next);
}

void Verifier::check(std::string_view line, bool ended) {
  auto const expected = report_.head.seq + 1;
  auto const links = parse_links(line);
  if (!links.ok()) {
    return fail(expected, line,
                ended ? "not a record of this log" : "ends in the middle of a record");
  }
  if (auto why = problem(line, *links); !why.empty()) {
    return fail(links->seq, line, std::move(why));
  }
  bool const begins = report_.records == 0 || links->seq == 1;
  if (begins) {
    ++report_.chains;
    seals_.begin(links->seq, links->prev_hash);
  }
  if (auto why = seals_.next(links->seq, links->hash, line); !why.empty()) {
    return fail(links->seq, line, std::move(why));
  }
  if (options_.known && options_.known->seq == links->seq) {
    if (options_.known->hash != links->hash) {
      return fail(links->seq, line,
                  "this is not the record that was there: its hash was " +
                      options_.known->hash.substr(0, 16) + "…");
    }
    known_seen_ = true;
  }
  if (report_.records == 0) report_.first_seq = links->seq;
  ++report_.records;
  report_.head.seq = links->seq;
  report_.head.hash = links->hash;
  report_.last_time = string_member(line, "timestamp");
}

void Verifier::read(std::istream& in, std::string const& name) {
  if (report_.broken) return;
  file_ = name;
  line_ = 0;
  ++report_.files;
  LineReader reader(in);
  while (auto const line = reader.next()) {
    ++line_;
    if (line->too_long) {
      fail(report_.head.seq + 1, {}, "a line longer than any record");
    } else {
      check(line->text, line->ended);
    }
    if (report_.broken) return;
  }
}

std::string Verifier::missing_begin() const {
  auto const first = report_.first_seq;
  if (first <= 1 || first <= options_.from) return {};
  auto const& seals = report_.seals;
  if (seals.checked && first <= seals.first) return {};
  auto const from = std::max(options_.from, seals.checked ? seals.first : 1);
  return "records " + grouped(from) + " to " + grouped(first - 1) +
         " are missing: the log begins at record " + grouped(first) +
         (seals.checked ? "" : ", and without a trust bundle nothing vouches for that");
}

std::string Verifier::missing_end() const {
  auto const& known = options_.known;
  if (known && !known_seen_) {
    return "record " + grouped(known->seq) + " is missing: the log ends at record " +
           grouped(report_.head.seq);
  }
  auto const& seals = report_.seals;
  if (!seals.checked || seals.closed) return {};
  if (seals.checkpoints == 0) return "no checkpoint: nothing here is signed";
  auto const loose = report_.head.seq - seals.covered;
  if (options_.tail == Tail::sealed) {
    return "the tail is not sealed: the last " + plural(loose, "record") +
           " could have been followed by others (--open for a log that is being written)";
  }
  auto const at = parse_rfc3339(seals.sealed_at);
  constexpr auto kSlack = std::chrono::seconds(30);
  if (!at || options_.now - *at > seals.every + kSlack) {
    return "no checkpoint since " + seals.sealed_at + ": the tail is cut off, or the agent is gone";
  }
  return {};
}

void Verifier::finish() {
  report_.seals = seals_.report();
  if (report_.broken) return;
  if (report_.records == 0) {
    if (options_.trust.given() || options_.known) {
      report_.broken = Break{.file = file_, .seq = 1, .reason = "the log is empty"};
    }
    return;
  }
  auto const broken = [this](std::uint64_t seq, std::uint64_t line, std::string why) {
    report_.broken = Break{.file = file_,
                           .line = line,
                           .seq = seq,
                           .time = report_.last_time,
                           .reason = std::move(why)};
  };
  if (auto why = missing_begin(); !why.empty()) return broken(report_.first_seq, 1, std::move(why));
  if (auto why = missing_end(); !why.empty()) broken(report_.head.seq, line_, std::move(why));
}

Result<VerifyReport> verify_files(std::span<const std::filesystem::path> files,
                                  VerifyOptions options) {
  std::vector<std::pair<std::uint64_t, std::filesystem::path>> ordered;
  for (auto const& file : files) {
    std::uint64_t seq = 0;  // one needs no order, and may be a pipe: what was read of it is gone
    if (files.size() > 1) {
      AW_TRY(seq, first_seq(file));
    }
    ordered.emplace_back(seq, file);
  }
  std::ranges::sort(ordered);
  Verifier verifier(std::move(options));
  for (auto const& [seq, file] : ordered) {
    AW_TRY(auto in, open_log_file(file));
    verifier.read(in, file.string());
    if (in.bad()) {
      return make_error(Code::audit_unreadable, "audit log " + file.string() + " cannot be read");
    }
  }
  verifier.finish();
  return verifier.report();
}

VerifyReport verify_stream(std::istream& in, std::string const& name, VerifyOptions options) {
  Verifier verifier(std::move(options));
  verifier.read(in, name);
  verifier.finish();
  return verifier.report();
}

std::string verify_text(VerifyReport const& report) {
  if (auto const& broken = report.broken) {
    auto out = "FAIL record " + grouped(broken->seq);
    if (!broken->time.empty()) out += " (" + time_of_day(broken->time) + ")";
    out += ": " + broken->reason + "; " + plural(report.records, "record");
    out += report.records == 1 ? " before it is good" : " before it are good";
    return out + "\n  --> " + broken->file + ":" + std::to_string(broken->line);
  }
  auto out = plural(report.records, "record");
  if (report.records == 0) return out + "      OK";
  if (report.chains > 1) out += " in " + plural(report.chains, "chain");
  out += ", " + plural(report.files, "file");
  auto const& seals = report.seals;
  if (seals.checkpoints > 0) out += ", " + plural(seals.checkpoints, "checkpoint");
  if (seals.checked) out += " signed by " + plural(seals.certificates, "SVID");
  out += ", sequence complete, no gap, no edit";
  if (!report.from_the_start()) out += ", begins at record " + grouped(report.first_seq);
  if (!seals.checked) return out + ", last " + report.last_time + "      OK";
  out += seals.closed ? ", tail sealed " + time_of_day(seals.sealed_at)
                      : ", still written: sealed to record " + grouped(seals.covered) + " at " +
                            time_of_day(seals.sealed_at);
  return out + "      OK\n" + "signer " + text::printable(seals.signer) + ", log " +
         text::printable(seals.log) + ", record " + std::to_string(report.head.seq) + ":" +
         report.head.hash;
}

}  // namespace aw::audit

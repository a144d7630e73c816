// SPDX-License-Identifier: Apache-2.0
#include "commands/svid_fetch.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/base/fs.h"
#include "core/identity/svid_choice.h"

namespace aw::commands {
namespace {

std::string chain_pem(identity::Svid const& svid) {
  std::string chain;
  for (auto const& certificate : svid.chain) chain += certificate.pem();
  return chain;
}

Result<void> write_files(std::filesystem::path const& directory, identity::Svid const& svid,
                         identity::Bundle const& bundle) {
  AW_TRY(auto const key, svid.key.pem());
  AW_TRY(fs::make_private_directory(directory));
  // The certificate last: who waits for it finds the key that fits.
  AW_TRY(fs::write_file_atomic(directory / "bundle.pem", bundle.pem(), fs::Mode::public_file));
  AW_TRY(fs::write_file_atomic(directory / "svid.key", key.reveal(), fs::Mode::private_file));
  return fs::write_file_atomic(directory / "svid.pem", chain_pem(svid), fs::Mode::public_file);
}

enum class Part { certificate, key, bundle, all };

struct Descriptor {
  Part part = Part::all;
  int number = STDOUT_FILENO;
};

// "key=3"
Result<Descriptor> parse_descriptor(std::string_view text) {
  constexpr auto kParts = std::to_array<std::pair<std::string_view, Part>>({
      {"cert", Part::certificate},
      {"key", Part::key},
      {"bundle", Part::bundle},
      {"all", Part::all},
  });
  auto const equals = text.find('=');
  auto const* part =
      std::ranges::find(kParts, text.substr(0, equals), &std::pair<std::string_view, Part>::first);
  Descriptor out;
  bool good = part != kParts.end();
  if (good && equals != std::string_view::npos) {
    auto const digits = text.substr(equals + 1);
    auto const [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
    good = error == std::errc() && end == digits.data() + digits.size() && out.number > 0;
  }
  if (!good) {
    return make_error(Code::usage, "--fd takes no \"" + std::string(text) + '"',
                      "cert, key, bundle or all, each may have =N of an open descriptor");
  }
  out.part = part->second;
  if (::fcntl(out.number, F_GETFD) < 0) {
    return make_error(Code::usage,
                      "--fd: descriptor " + std::to_string(out.number) + " is not open",
                      "for example: 3>key.pem");
  }
  bool const secret = out.part == Part::key || out.part == Part::all;
  if (secret && ::isatty(out.number) == 1) {
    return make_error(Code::usage, "--fd: a private key does not go to a terminal",
                      "for example: --key <(agentweave svid fetch --fd key)");
  }
  return out;
}

Result<std::vector<Descriptor>> parse_descriptors(std::vector<std::string> const& texts) {
  std::vector<Descriptor> out;
  for (auto const& text : texts) {
    AW_TRY(auto const one, parse_descriptor(text));
    out.push_back(one);
  }
  return out;
}

// One descriptor at a time, in the order given: whoever reads them in that order never waits.
Result<void> write_descriptors(std::vector<Descriptor> const& descriptors,
                               identity::Svid const& svid, identity::Bundle const& bundle,
                               Context& context) {
  AW_TRY(auto const key, svid.key.pem());
  auto const write = [&context](int fd, std::string_view bytes) -> Result<void> {
    if (fd != STDOUT_FILENO) return fs::write_all(fd, bytes);
    context.out << bytes << std::flush;
    return {};
  };
  for (auto const& [part, fd] : descriptors) {
    bool const all = part == Part::all;
    if (all || part == Part::certificate) AW_TRY(write(fd, chain_pem(svid)));
    if (all || part == Part::key) AW_TRY(write(fd, key.reveal()));
    if (all || part == Part::bundle) AW_TRY(write(fd, bundle.pem()));
  }
  return {};
}

}  // namespace

Result<void> run_svid_fetch(SvidFetchOptions const& options, Context& context) {
  AW_TRY(auto const descriptors, parse_descriptors(options.descriptors));
  AW_TRY(auto const state, current_state(options.workload, context));
  AW_TRY(auto const svid, identity::choose_svid(state, options.as));
  auto const& bundle = state.bundles.at(svid.id.trust_domain());
  if (!descriptors.empty()) return write_descriptors(descriptors, svid, bundle, context);
  AW_TRY(write_files(options.out, svid, bundle));
  auto const view = view_of(svid, state.bundles, context.clock.now());
  auto data = to_json(view);
  data["files"] = {{"certificate", (options.out / "svid.pem").string()},
                   {"key", (options.out / "svid.key").string()},
                   {"bundle", (options.out / "bundle.pem").string()}};
  context.print("SvidFiles", data, [&](std::ostream& out) {
    auto const minutes = std::chrono::round<std::chrono::minutes>(view.left);
    auto const valid =
        minutes.count() > 1 ? std::to_string(minutes.count()) + "m" : format_duration(view.left);
    out << "wrote svid.pem svid.key bundle.pem   valid " << valid << "   " << view.id << '\n';
  });
  context.say(
      "they expire: fetch again before, or let `agentweave run` or `serve` hold the identity");
  return {};
}

void register_svid_fetch(CLI::App& parent, Context& context) {
  auto options = std::make_shared<SvidFetchOptions>();
  auto& group = add_group(parent, "svid", "See, follow, save and check this workload's identity");
  auto& command = add_command(
      group, {.name = "fetch",
              .purpose = "Write the SVID, its key (0600) and the bundle as PEM files",
              .examples = {"agentweave svid fetch --out ~/.aw",
                           "agentweave svid fetch --as client --out certs",
                           "agentweave svid fetch --fd cert"},
              .details = "Files: svid.pem, svid.key, bundle.pem. Each is replaced as a whole.\n"
                         "--fd writes no file: `curl --cert <(agentweave svid fetch --fd cert) "
                         "--key <(agentweave svid fetch --fd key)`,\nor one fetch for several "
                         "descriptors: `--fd cert=3,key=4,bundle=5`."});
  add_workload_options(command, options->workload);
  command.add_option("--out", options->out, "Directory; made (0700) where it is missing")
      ->type_name("DIR")
      ->capture_default_str();
  command
      .add_option("--fd", options->descriptors,
                  "No files: cert, key, bundle or all to standard output, or with =N to descriptor "
                  "N; comma-separated")
      ->delimiter(',')
      ->type_name("PART[=N]");
  command.add_option("--as", options->as,
                     "Which SVID: SPIFFE ID, hint or last path segment (default: the first)");
  on_run(command, context, [options, &context] { return run_svid_fetch(*options, context); });
}

}  // namespace aw::commands

// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/set_aside.h"

#include <algorithm>

#include "core/base/fs.h"
#include "core/tls/digest.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kDigestShown = 16;
constexpr std::size_t kIdShown = 64;

// A foreign text as part of a file's name.
std::string as_name(std::string_view text) {
  std::string out(text.substr(0, kIdShown));
  std::ranges::replace_if(
      out,
      [](char c) {
        bool const plain =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
        return !plain;
      },
      '_');
  return out;
}

}  // namespace

Result<void> SetAside::keep(Found const& found) {
  auto name = std::string(found.what);
  if (!found.id.empty()) name += '-' + as_name(found.id);
  name += '-' + tls::sha256_hex(found.bytes).substr(0, kDigestShown);
  AW_TRY(fs::make_private_directory(directory_));
  auto const file = directory_ / name;
  auto written = fs::write_file_atomic(file, found.bytes, fs::Mode::private_file);
  if (!written.ok())
    return make_error(Code::state_unusable,
                      "set aside what cannot be read: " + written.error().message);
  all_.push_back({.what = std::string(found.what),
                  .id = std::string(found.id),
                  .why = std::string(found.why),
                  .file = file});
  return {};
}

// In its own directory: a confined process may rename nothing out of one (Landlock, EXDEV).
Result<void> SetAside::move(std::string_view what, std::string_view why,
                            std::filesystem::path const& file) {
  std::filesystem::path to;
  std::error_code error;
  for (int number = 1; to.empty() || std::filesystem::exists(to, error); ++number) {
    to = file;
    to.replace_filename(file.stem().string() + ".broken-" + std::to_string(number) +
                        file.extension().string());
  }
  auto const note = std::string(why) + "\nis in " + to.string() + "\n";
  AW_TRY(keep({.what = what, .id = {}, .why = why, .bytes = note}));
  // What is beside it goes first: alone it would be taken for the next file's.
  auto const besides = [](std::filesystem::path path) { return path += "-wal"; };
  if (std::filesystem::exists(besides(file), error))
    std::filesystem::rename(besides(file), besides(to), error);
  if (!error) std::filesystem::rename(file, to, error);
  if (error)
    return make_error(Code::state_unusable, "set aside " + file.string() + ": " + error.message());
  all_.back().file = std::move(to);
  return {};
}

std::filesystem::path unreadable_beside(std::filesystem::path const& file) {
  auto beside = file;
  return beside.replace_extension(".unreadable");
}

std::size_t count_unreadable(std::filesystem::path const& directory) {
  std::size_t count = 0;
  std::error_code none;
  for (std::filesystem::directory_iterator at(directory, none), end; !none && at != end;
       at.increment(none))
    ++count;
  return count;
}

}  // namespace aw::a2a

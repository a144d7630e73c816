// SPDX-License-Identifier: Apache-2.0
// POSIX.1-2001 tar (ustar), with pax and GNU long names, as far as bundles need it.
#include "core/authz/bundle_archive.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "core/authz/bundle_gzip.h"
#include "core/base/text.h"

namespace aw::authz {
namespace {

constexpr std::size_t kBlock = 512;

Error bad_archive(std::string const& why) {
  return make_error(Code::policy_unreadable, "policy bundle: " + why);
}

// The fields of a header block (POSIX.1-2001, pax, "ustar Interchange Format").
struct Header {
  std::string_view block;

  [[nodiscard]] std::string_view text(std::size_t at, std::size_t size) const {
    auto const field = block.substr(at, size);
    return field.substr(0, field.find('\0'));
  }
  [[nodiscard]] std::optional<std::uint64_t> octal(std::size_t at, std::size_t size) const {
    auto field = text::trim(text(at, size));
    std::uint64_t out = 0;
    if (field.empty()) return std::nullopt;
    auto const [end, error] = std::from_chars(field.data(), field.data() + field.size(), out, 8);
    if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
    return out;
  }
  [[nodiscard]] char type() const { return block[156]; }
  [[nodiscard]] std::string name() const {
    std::string out(text(0, 100));
    bool const ustar = block.substr(257, 5) == "ustar";
    auto const prefix = ustar ? text(345, 155) : std::string_view();
    return prefix.empty() ? out : std::string(prefix) + "/" + out;
  }
  // The sum of all bytes, with the field itself counted as blanks.
  [[nodiscard]] bool whole() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      bool const field = i >= 148 && i < 156;
      sum += field ? ' ' : static_cast<unsigned char>(block[i]);
    }
    return octal(148, 8) == sum;
  }
};

bool is_zero(std::string_view block) { return block.find_first_not_of('\0') == std::string::npos; }

// `path` of a pax record list: "LENGTH KEY=VALUE\n"…
std::optional<std::string> pax_path(std::string_view records) {
  std::optional<std::string> out;
  while (!records.empty()) {
    std::size_t length = 0;
    auto const [end, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    auto const digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length > records.size() || length < digits + 2) return out;
    auto record = records.substr(digits + 1, length - digits - 2);
    if (record.starts_with("path=")) out = std::string(record.substr(5));
    records.remove_prefix(length);
  }
  return out;
}

class Reader {
 public:
  Reader(std::string_view tar, ArchiveLimits const& limits) : rest_(tar), limits_(limits) {}

  Result<std::vector<BundleFile>> run() {
    for (;;) {
      if (rest_.size() < kBlock) return bad_archive("the archive breaks off before its end");
      Header const header{rest_.substr(0, kBlock)};
      if (is_zero(header.block)) return std::move(files_);
      if (!header.whole()) return bad_archive("an entry's header is damaged");
      rest_.remove_prefix(kBlock);
      AW_TRY(auto const body, take(header));
      AW_TRY(entry(header, body));
    }
  }

 private:
  Result<std::string_view> take(Header const& header) {
    auto const size = header.octal(124, 12);
    if (!size || *size > rest_.size()) {
      return bad_archive("the archive breaks off inside " + text::printable(header.name()));
    }
    auto const body = rest_.substr(0, *size);
    auto const padded = (*size + kBlock - 1) / kBlock * kBlock;
    if (padded > rest_.size()) return bad_archive("the archive breaks off before its end");
    rest_.remove_prefix(padded);
    return body;
  }

  Result<void> entry(Header const& header, std::string_view body) {
    switch (header.type()) {
      case 'x':
        long_name_ = pax_path(body).value_or("");
        return {};
      case 'g':
        return {};
      case 'L':
        long_name_ = std::string(body.substr(0, body.find('\0')));
        return {};
      case '5':
        long_name_.clear();
        return {};
      case '0':
      case '\0':
        return file(header, body);
      default:
        return bad_archive("\"" + text::printable(header.name()) +
                           "\" is neither a file nor a directory");
    }
  }

  Result<void> file(Header const& header, std::string_view body) {
    auto const given = long_name_.empty() ? header.name() : long_name_;
    long_name_.clear();
    if (given.size() > limits_.name) return bad_archive("a file's name is too long");
    if (files_.size() == limits_.files) return bad_archive("has more files than is allowed");
    AW_TRY(auto name, bundle_name(given));
    if (!names_.insert(name).second) return bad_archive("\"" + name + "\" is in it twice");
    files_.push_back({.name = std::move(name), .bytes = std::string(body)});
    return {};
  }

  std::string_view rest_;
  ArchiveLimits const& limits_;
  std::vector<BundleFile> files_;
  std::set<std::string> names_;
  std::string long_name_;
};

void put_octal(std::string& block, std::size_t at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = size - 1; i-- > 0; value /= 8) {
    block[at + i] = static_cast<char>('0' + value % 8);
  }
}

Result<void> append_entry(std::string& tar, BundleFile const& file) {
  constexpr std::size_t kLongest = 100;
  if (file.name.size() >= kLongest) {
    return make_error(Code::policy_unreadable, "\"" + file.name + "\" is too long for a bundle",
                      "names have at most 99 characters");
  }
  std::string block(kBlock, '\0');
  file.name.copy(block.data(), kLongest);
  put_octal(block, 100, 8, 0644);
  put_octal(block, 108, 8, 0);
  put_octal(block, 116, 8, 0);
  put_octal(block, 124, 12, file.bytes.size());
  put_octal(block, 136, 12, 0);
  block[156] = '0';
  std::string_view("ustar\00000", 8).copy(block.data() + 257, 8);
  std::uint64_t sum = std::uint64_t{8} * ' ';
  for (char const c : block) sum += static_cast<unsigned char>(c);
  put_octal(block, 148, 7, sum);
  block[155] = ' ';
  tar += block;
  tar += file.bytes;
  tar.append((kBlock - file.bytes.size() % kBlock) % kBlock, '\0');
  return {};
}

}  // namespace

Result<std::string> bundle_name(std::string_view name) {
  std::string out;
  for (auto const part : text::split(name, '/')) {
    if (part.empty() || part == ".") continue;
    bool const bad = part == ".." || part.find_first_of("\\\0", 0, 2) != std::string::npos ||
                     text::printable(part) != part || !text::is_utf8(part);
    if (bad) return bad_archive("\"" + text::printable(name) + "\" is no name of a file in it");
    if (!out.empty()) out += '/';
    out += part;
  }
  if (out.empty()) return bad_archive("a file has no name");
  return out;
}

Result<std::vector<BundleFile>> read_archive(std::string_view gzip_bytes,
                                             ArchiveLimits const& limits) {
  if (gzip_bytes.size() > limits.packed) return bad_archive("is larger than is allowed");
  AW_TRY(auto const tar, gunzip(gzip_bytes, limits.unpacked));
  return Reader(tar, limits).run();
}

Result<std::string> write_archive(std::span<const BundleFile> files) {
  std::string tar;
  for (auto const& file : files) AW_TRY(append_entry(tar, file));
  tar.append(2 * kBlock, '\0');
  return gzip(tar);
}

}  // namespace aw::authz

// SPDX-License-Identifier: Apache-2.0
#include "core/authz/bundle.h"

#include <zlib.h>

#include "bundle_fixture.h"
#include "core/authz/bundle_gzip.h"
#include "core/base/fs.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::authz;

namespace {

std::string why(Result<BundleContents> const& result) {
  return result.ok() ? "" : result.error().text();
}

BundleContents parsed(std::vector<BundleFile> const& files) {
  auto contents = parse_bundle(files);
  REQUIRE_MESSAGE(contents.ok(), why(contents));
  return std::move(*contents);
}

}  // namespace

TEST_CASE("an archive gives back the files that went in, and the same files the same bytes") {
  auto const files = bundle_of("r1", R"(["invoice"])");
  auto const archive = packed(files);
  CHECK(archive == packed(files));
  auto const read = read_archive(archive);
  REQUIRE(read.ok());
  REQUIRE(read->size() == files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK((*read)[i].name == files[i].name);
    CHECK((*read)[i].bytes == files[i].bytes);
  }
}

TEST_CASE("an archive that was cut off anywhere is refused") {
  auto const archive = packed(bundle_of("r1", R"(["invoice"])"));
  for (std::size_t size = 0; size < archive.size(); ++size) {
    CAPTURE(size);
    auto const read = read_archive(std::string_view(archive).substr(0, size));
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == Code::policy_unreadable);
  }
  auto const tar = gunzip(archive, 1U << 20);
  REQUIRE(tar.ok());
  for (std::size_t const size : {std::size_t{512}, std::size_t{700}, tar->size() - 1024}) {
    auto const cut = gzip(std::string_view(*tar).substr(0, size));
    CHECK_FALSE(read_archive(*cut).ok());
  }
}

TEST_CASE("a damaged archive is refused") {
  auto archive = packed(bundle_of("r1", R"(["invoice"])"));
  archive[archive.size() / 2] = static_cast<char>(archive[archive.size() / 2] ^ 0x40);
  CHECK_FALSE(read_archive(archive).ok());
  CHECK_FALSE(read_archive("this is no gzip").ok());
  auto tar = gunzip(packed(bundle_of("r1", "[]")), 1U << 20);
  REQUIRE(tar.ok());
  (*tar)[0] = 'X';  // the header's sum is wrong now
  CHECK_FALSE(read_archive(*gzip(*tar)).ok());
}

TEST_CASE("an archive cannot grow without bound") {
  ArchiveLimits const small{.packed = 4096, .unpacked = 8192, .files = 2, .name = 20};
  CHECK_FALSE(read_archive(packed({{"a", std::string(100'000, 'x')}}), small).ok());
  CHECK_FALSE(read_archive(packed({{"a", ""}, {"b", ""}, {"c", ""}}), small).ok());
  CHECK_FALSE(read_archive(packed({{std::string(21, 'n'), ""}}), small).ok());
  CHECK_FALSE(read_archive(std::string(5000, 'x'), small).ok());
  CHECK(read_archive(packed({{"a", "x"}, {"b", "y"}}), small).ok());
}

TEST_CASE("names that leave the bundle, or come twice, are refused") {
  for (std::string const name : {"../x", "a/../../x", "..", "", "/", "a\x01", "a\\b"}) {
    CAPTURE(name);
    CHECK_FALSE(bundle_name(name).ok());
  }
  CHECK(*bundle_name("/a/./b//c.rego") == "a/b/c.rego");
  CHECK_FALSE(read_archive(packed({{"a/x", "1"}, {"/a/x", "2"}})).ok());
}

TEST_CASE("data files land where their folders say, revision and roots come from the manifest") {
  auto const contents = parsed({{".manifest", R"({"revision": "7", "roots": ["a", "b/c"]})"},
                                {"a/data.json", R"({"x": 1})"},
                                {"b/c/data.yaml", "y: [1, 2]\n"},
                                {"a/rule.rego", "package a.rules\nallow := true\n"},
                                {"a/rule_test.rego", "package a.rules_test\ntest_x := true\n"},
                                {"README.md", "not for us"},
                                {"policy.wasm", "not for us"}});
  CHECK(contents.revision == "7");
  CHECK(contents.roots == std::vector<std::string>{"a", "b/c"});
  CHECK(contents.files.data.to_json() == R"({"a":{"x":1},"b":{"c":{"y":[1,2]}}})");
  REQUIRE(contents.files.modules.size() == 1);
  REQUIRE(contents.files.tests.size() == 1);
}

TEST_CASE("what a bundle may not be") {
  struct Row {
    std::vector<BundleFile> files;
    std::string says;
  };
  std::string const module = "package a\nallow := true\n";
  for (auto const& [files, says] : std::vector<Row>{
           {{{".manifest", R"({"roots": ["b"]})"}, {"x.rego", module}}, "outside the manifest"},
           {{{".manifest", R"({"roots": ["a"]})"}, {"data.json", R"({"b": 1})"}}, "\"b\""},
           {{{".manifest", R"({"roots": ["a", "a/b"]})"}}, "overlap"},
           {{{".manifest", R"({"roots": "a"})"}}, "no list"},
           {{{".manifest", "[]"}}, "no JSON object"},
           {{{".manifest", R"({"rego_version": 0})"}}, "Rego v0"},
           {{{"patch.json", "{}"}}, "delta"},
           {{{"data.json", "{"}}, "data.json"},
           {{{"a/data.json", "{}"}, {"data.json", R"({"a": 1})"}}, "already defined"},
           {{{"data.json", "[1]"}}, "no mapping"},
       }) {
    CAPTURE(says);
    auto const contents = parse_bundle(files);
    REQUIRE_FALSE(contents.ok());
    CHECK_MESSAGE(contents.error().text().find(says) != std::string::npos, contents.error().text());
  }
}

TEST_CASE("a directory is a bundle too, with its manifest and signature") {
  testing::TempDir directory;
  SigningKey const key;
  for (auto const& file :
       signed_with(bundle_of("r3", R"(["x"])"), {.key = key.private_pem, .key_id = "k"})) {
    std::ofstream(directory / file.name, std::ios::binary) << file.bytes;
  }
  std::ofstream(directory / "notes.txt") << "passed over";
  auto const files = bundle_files(directory.path().string());
  REQUIRE(files.ok());
  std::ofstream(directory / "key.pem") << key.public_pem;
  auto const contents =
      open_bundle(*files, {.public_key = (directory / "key.pem").string(), .key_id = "k"});
  REQUIRE_MESSAGE(contents.ok(), why(contents));
  CHECK(contents->revision == "r3");
}

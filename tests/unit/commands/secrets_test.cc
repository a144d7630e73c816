// SPDX-License-Identifier: Apache-2.0
// `agentweave secrets get`, and what `doctor` says of secrets.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "core/base/fs.h"
#include "shell.h"

namespace {

using aw::json::Json;
using aw::testing::Shell;

// A configuration with one secret of each kind that this machine keeps.
struct Safe {
  Shell shell;
  Safe() {
    shell.env["MODEL_KEY"] = "hunter2-variable";
    put("safe.txt", "hunter2-file\n");
    put("config.yaml",
        "agent: {name: safe, trust_domain: safe.test, environment: development, capabilities: "
        "[{name: w, description: x, backend: {type: http, url: \"http://127.0.0.1:1\", headers: "
        "[\"x-key=${secret:model}\"]}}]}\n"
        "authorization: {policy_dir: .}\n"
        "secrets:\n  values:\n"
        "    - {name: model, from: env, variable: MODEL_KEY}\n"
        "    - {name: file, from: file, file: safe.txt}\n"
        "    - {name: gone, from: file, file: nowhere.txt}\n");
  }
  void put(std::string const& name, std::string const& text) const {
    REQUIRE(
        aw::fs::write_file_atomic(shell.directory() / name, text, aw::fs::Mode::private_file).ok());
  }
};

}  // namespace

TEST_CASE("a secret is told about, and told only when asked for") {
  Safe safe;
  auto const shown = safe.shell.run("agentweave secrets get model");
  CHECK(shown.exit == 0);
  CHECK(shown.out.starts_with("model  [redacted]  16 bytes  age "));
  CHECK(shown.out.ends_with("env MODEL_KEY\n"));
  CHECK((shown.out + shown.err).find("hunter2") == std::string::npos);
  auto const revealed = safe.shell.run("agentweave secrets get file --reveal");
  CHECK(revealed.out == "hunter2-file\n");
  auto const json = safe.shell.run("agentweave secrets get file -o json");
  auto const data = Json::parse(json.out).at("data");
  CHECK(data.at("value") == "[redacted]");
  CHECK(data.at("bytes") == 12);
  CHECK(Json::parse(safe.shell.run("agentweave secrets get file -o json --reveal").out)
            .at("data")
            .at("value") == "hunter2-file");
}

TEST_CASE("a secret that is not there, or not configured, ends with exit 5 and says why") {
  Safe safe;
  auto const gone = safe.shell.run("agentweave secrets get gone");
  CHECK(gone.exit == 5);
  CHECK(gone.err.find("AW6101") != std::string::npos);
  CHECK(gone.err.find("nowhere.txt") != std::string::npos);
  CHECK(safe.shell.run("agentweave secrets get other").exit == 5);
  safe.shell.env.erase("MODEL_KEY");
  CHECK(safe.shell.run("agentweave secrets get model").err.find("MODEL_KEY is not set") !=
        std::string::npos);
  CHECK(safe.shell.run("agentweave secrets get").exit == 2);
}

TEST_CASE("without a configuration its absence is said, and no place before or behind it") {
  Shell shell;
  auto const asked = shell.run("agentweave secrets get model -o json");
  CHECK(asked.exit != 0);
  auto const message = Json::parse(asked.out).at("error").at("message").get<std::string>();
  CHECK(message.starts_with("no configuration file: "));
  auto const looked = Json::parse(shell.run("agentweave doctor -o json").out);
  auto const text = looked.at("data").at("checks").at(0).at("text").get<std::string>();
  CHECK(text.starts_with("no configuration file: "));
  CHECK(text.ends_with(" exists"));
}

TEST_CASE("doctor names each secret: what is well, what is wrong, what nobody refers to") {
  Safe safe;
  auto const checks = [&safe] {
    auto const ran = safe.shell.run("agentweave doctor -o json -t 100ms");
    CHECK(ran.out.find("hunter2") == std::string::npos);
    Json out = Json::array();
    auto const all = Json::parse(ran.out);
    for (auto const& one : all.at("data").at("checks"))
      if (one.at("group") == "secrets") out.push_back(one);
    return out;
  };
  auto const first = checks();
  REQUIRE(first.size() == 3);
  CHECK(first[0].at("status") == "ok");
  CHECK(first[0].at("text") == "model, 16 bytes, from env MODEL_KEY");
  CHECK(first[2].at("status") == "warning");
  CHECK(first[2].at("text").get<std::string>().ends_with("nothing refers to it"));
  safe.shell.env.erase("MODEL_KEY");
  auto const broken = checks();
  CHECK(broken[0].at("status") == "failed");
  CHECK(broken[0].at("code") == "AW6101");
  CHECK(broken[0].at("fix") == "agentweave secrets get model");
}

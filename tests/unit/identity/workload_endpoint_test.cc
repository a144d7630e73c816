// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_endpoint.h"

#include <doctest/doctest.h>

#include <string>

using aw::Code;
using aw::identity::WorkloadEndpoint;

TEST_CASE("accepts the addresses of the SPIFFE Workload Endpoint specification") {
  struct Row {
    std::string text;
    std::string shown;
    std::string target;
  };
  Row const rows[] = {
      {"unix:///run/spire/agent.sock", "unix:///run/spire/agent.sock",
       "unix:/run/spire/agent.sock"},
      {"unix:/run/spire/agent.sock", "unix:///run/spire/agent.sock", "unix:/run/spire/agent.sock"},
      {"unix:///run/a b%.sock", "unix:///run/a b%.sock", "unix:/run/a%20b%25.sock"},
      {"tcp://127.0.0.1:8000", "tcp://127.0.0.1:8000", "ipv4:127.0.0.1:8000"},
      {"tcp://[::1]:65535", "tcp://[::1]:65535", "ipv6:[::1]:65535"},
  };
  for (auto const& row : rows) {
    CAPTURE(row.text);
    auto const endpoint = WorkloadEndpoint::parse(row.text);
    REQUIRE(endpoint.ok());
    CHECK(endpoint->text() == row.shown);
    CHECK(endpoint->grpc_target() == row.target);
  }
}

TEST_CASE("refuses every other address and says what is wrong with it") {
  struct Row {
    std::string text;
    std::string why;
  };
  Row const rows[] = {
      {"", "it is empty"},
      {"/run/spire/agent.sock", "scheme must be unix or tcp"},
      {"http://127.0.0.1:80", "scheme must be unix or tcp"},
      {"UNIX:///x", "scheme must be unix or tcp"},
      {"unix://host/run/x.sock", "absolute path and no host"},
      {"unix:relative.sock", "absolute path and no host"},
      {"unix:", "absolute path and no host"},
      {"unix:///", "path is missing"},
      {"unix:///x.sock?a=b", "query or fragment"},
      {"unix:///x.sock#f", "query or fragment"},
      {"unix:///" + std::string(200, 'x'), "longer than 107 bytes"},
      {"tcp://127.0.0.1", "port is missing"},
      {"tcp://127.0.0.1:0", "port is not a number"},
      {"tcp://127.0.0.1:65536", "port is not a number"},
      {"tcp://127.0.0.1:8o", "port is not a number"},
      {"tcp://localhost:8000", "must be an IP address"},
      {"tcp://:8000", "must be an IP address"},
      {"tcp://[127.0.0.1]:8000", "must be an IP address"},
      {"tcp://::1:8000", "port is not a number"},
      {"tcp://127.0.0.1:8000/path", "has no path"},
      {"tcp://user@127.0.0.1:8000", "user name"},
  };
  for (auto const& row : rows) {
    CAPTURE(row.text);
    auto const endpoint = WorkloadEndpoint::parse(row.text);
    REQUIRE(!endpoint.ok());
    CHECK(endpoint.error().code == Code::config_out_of_range);
    CHECK(endpoint.error().message.find(row.why) != std::string::npos);
    CHECK(endpoint.error().hint == "use unix:///path/to/socket or tcp://IP:PORT");
  }
}

// SPDX-License-Identifier: Apache-2.0
// The server, asked by our own client and by a bare gRPC stub.
#include "core/identity/workload_server.h"

#include <doctest/doctest.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <poll.h>

#include "core/identity/dev_provider.h"
#include "core/identity/workload.grpc.pb.h"
#include "core/identity/workload_client.h"
#include "core/identity/workload_fetch.h"
#include "core/identity/workload_service.h"
#include "core/identity/workload_socket.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/identity/identity_kit.h"

namespace {

using aw::Code;
using aw::identity::Snapshot;
using aw::identity::WorkloadEndpoint;
using aw::identity::WorkloadServer;
using aw::testing::kPatience;

struct ServerBench {
  aw::testing::TempDir scratch;
  aw::SystemClock clock;
  std::unique_ptr<aw::identity::DevIssuer> issuer = aw::testing::make_issuer("dev.test", clock);
  std::filesystem::path socket = scratch / "run" / "agent.sock";
  std::unique_ptr<WorkloadServer> server = WorkloadServer::start(socket, *issuer, clock).value();
  WorkloadEndpoint endpoint = WorkloadEndpoint::parse(server->address()).value();

  auto fetch() { return aw::identity::fetch_snapshot(endpoint, kPatience, clock.now()); }
};

std::unique_ptr<SpiffeWorkloadAPI::Stub> stub(WorkloadEndpoint const& endpoint) {
  return SpiffeWorkloadAPI::NewStub(
      grpc::CreateChannel(endpoint.grpc_target(), grpc::InsecureChannelCredentials()));
}

void trust(grpc::ClientContext& context) { context.AddMetadata("workload.spiffe.io", "true"); }

}  // namespace

TEST_CASE("the served state is the issued state") {
  ServerBench bench;
  auto const other = aw::testing::make_issuer("other.test", bench.clock);
  REQUIRE(bench.issuer->add_federated(other->bundle()).ok());
  auto const fetched = bench.fetch();
  REQUIRE(fetched.ok());
  auto const issued = aw::testing::state_of(*bench.issuer);
  REQUIRE(fetched->svids.size() == 2);
  CHECK(fetched->svids[0].id == issued.svids[0].id);
  CHECK(fetched->svids[0].leaf() == issued.svids[0].leaf());
  CHECK(fetched->svids[1].hint == "client");
  REQUIRE(fetched->bundles.size() == 2);
  CHECK(fetched->bundles.at(aw::testing::domain("other.test")).der() == other->bundle().der());
}

TEST_CASE("a follower sees rotations, withdrawal and return as they happen") {
  ServerBench bench;
  auto const log = aw::log::Log::silent();
  aw::io::Watch<Snapshot> watch;
  aw::identity::WorkloadApiProvider provider({.endpoint = bench.server->address()}, bench.clock,
                                             *log);
  REQUIRE(provider.start(watch).ok());
  REQUIRE(watch.wait_newer(0, kPatience).version == 1);
  REQUIRE(bench.issuer->renew().ok());
  REQUIRE(watch.wait_newer(1, kPatience).version == 2);
  CHECK(provider.status().rotations == 1);
  REQUIRE(bench.issuer->withdraw().ok());
  CHECK_FALSE(watch.wait_newer(2, kPatience).value->has_identity());
  REQUIRE(bench.issuer->restore().ok());
  CHECK(watch.wait_newer(3, kPatience).value->has_identity());
}

TEST_CASE("a follower survives the server's restart") {
  ServerBench bench;
  auto const log = aw::log::Log::silent();
  aw::io::Watch<Snapshot> watch;
  aw::identity::WorkloadApiProvider provider({.endpoint = bench.server->address()}, bench.clock,
                                             *log);
  REQUIRE(provider.start(watch).ok());
  REQUIRE(watch.wait_newer(0, kPatience).version == 1);
  bench.server->stop();
  REQUIRE(bench.issuer->renew().ok());
  bench.server = WorkloadServer::start(bench.socket, *bench.issuer, bench.clock).value();
  auto const up = std::chrono::steady_clock::now();
  REQUIRE(watch.wait_newer(1, kPatience).version == 2);
  CHECK(std::chrono::steady_clock::now() - up < std::chrono::seconds(1));
}

TEST_CASE("an agent too busy to greet a connection for a while is waited for") {
  aw::testing::TempDir const scratch;
  aw::SystemClock const clock;
  auto const issuer = aw::testing::make_issuer("dev.test", clock);
  auto const socket = aw::identity::WorkloadSocket::bind(scratch / "agent.sock").value();
  aw::identity::WorkloadService service(*issuer, clock, WorkloadServer::kMaxStreams);
  auto const server = grpc::ServerBuilder().RegisterService(&service).BuildAndStart();
  socket->start([&](aw::Fd connection) {
    pollfd gone{.fd = connection.get(), .events = POLLRDHUP, .revents = 0};
    poll(&gone, 1, 400);  // as long as a loaded machine lets it wait, or until the client gives up
    grpc::AddInsecureChannelFromFd(server.get(), connection.release());
  });
  auto const endpoint =
      WorkloadEndpoint::parse("unix://" + (scratch / "agent.sock").string()).value();
  auto const fetched = aw::identity::fetch_snapshot(endpoint, kPatience, clock.now());
  CHECK_MESSAGE(fetched.ok(), (fetched.ok() ? "" : fetched.error().message));
  socket->stop();
  service.stop();
}

TEST_CASE("every call without the security header is refused as invalid") {
  ServerBench bench;
  auto const api = stub(bench.endpoint);
  auto const ended = [](auto reader, auto message) {
    while (reader->Read(&message)) continue;
    return reader->Finish().error_code();
  };
  grpc::ClientContext contexts[5];
  CHECK(ended(api->FetchX509SVID(&contexts[0], {}), X509SVIDResponse()) == grpc::INVALID_ARGUMENT);
  CHECK(ended(api->FetchX509Bundles(&contexts[1], {}), X509BundlesResponse()) ==
        grpc::INVALID_ARGUMENT);
  CHECK(ended(api->FetchJWTBundles(&contexts[2], {}), JWTBundlesResponse()) ==
        grpc::INVALID_ARGUMENT);
  JWTSVIDRequest jwt;
  jwt.add_audience("x");
  JWTSVIDResponse jwt_answer;
  CHECK(api->FetchJWTSVID(&contexts[3], jwt, &jwt_answer).error_code() == grpc::INVALID_ARGUMENT);
  ValidateJWTSVIDRequest validate;
  ValidateJWTSVIDResponse valid;
  CHECK(api->ValidateJWTSVID(&contexts[4], validate, &valid).error_code() ==
        grpc::INVALID_ARGUMENT);
}

TEST_CASE("JWT-SVIDs are issued for an audience and validated") {
  ServerBench bench;
  auto const jwt =
      aw::identity::fetch_jwt_svid(bench.endpoint, {.audience = {"billing"}, .id = {}}, kPatience);
  REQUIRE(jwt.ok());
  CHECK(jwt->id.text() == "spiffe://dev.test/agent/hello");
  CHECK(jwt->audience == std::vector<std::string>{"billing"});

  auto const api = stub(bench.endpoint);
  auto const validate = [&](std::string const& token, std::string const& audience) {
    grpc::ClientContext context;
    trust(context);
    ValidateJWTSVIDRequest request;
    request.set_svid(token);
    request.set_audience(audience);
    ValidateJWTSVIDResponse response;
    auto const status = api->ValidateJWTSVID(&context, request, &response);
    return status.ok() ? response.spiffe_id() : "error " + std::to_string(status.error_code());
  };
  CHECK(validate(jwt->token, "billing") == "spiffe://dev.test/agent/hello");
  CHECK(validate(jwt->token, "other") == "error 3");
  CHECK(validate(jwt->token + "x", "billing") == "error 3");
  CHECK(validate("", "billing") == "error 3");
}

TEST_CASE("a JWT-SVID can be asked for by identity, and only for ours") {
  ServerBench bench;
  auto const ask = [&](std::string const& id) {
    return aw::identity::fetch_jwt_svid(
        bench.endpoint, {.audience = {"x"}, .id = aw::identity::SpiffeId::parse(id).value()},
        kPatience);
  };
  CHECK(ask("spiffe://dev.test/agent/client")->id.text() == "spiffe://dev.test/agent/client");
  CHECK(ask("spiffe://dev.test/agent/root").error().code == Code::workload_api_denied);
}

TEST_CASE("bundles come with X.509 and JWT authorities of each trust domain") {
  ServerBench bench;
  auto const other = aw::testing::make_issuer("other.test", bench.clock);
  REQUIRE(bench.issuer->add_federated(other->bundle()).ok());
  auto const bundles = aw::identity::fetch_bundles(bench.endpoint, kPatience);
  REQUIRE(bundles.ok());
  REQUIRE(bundles->size() == 2);
  for (auto const& [domain, bundle] : *bundles) {
    CHECK(bundle.x509_authorities().size() == 1);
    CHECK(bundle.jwt_authorities().size() == 1);
  }
}

TEST_CASE("withdrawn, one-shot questions are denied with a hint") {
  ServerBench bench;
  REQUIRE(bench.issuer->withdraw().ok());
  auto const fetched = bench.fetch();
  REQUIRE(!fetched.ok());
  CHECK(fetched.error().code == Code::workload_api_denied);
  CHECK(fetched.error().hint.find("spire-server entry show") != std::string::npos);
}

TEST_CASE("more streams than the bound are told so, and a closed one makes room") {
  ServerBench bench;
  auto const api = stub(bench.endpoint);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<X509BundlesResponse>>> readers;
  X509BundlesResponse message;
  for (int i = 0; i < WorkloadServer::kMaxStreams; ++i) {
    trust(*contexts.emplace_back(std::make_unique<grpc::ClientContext>()));
    readers.push_back(api->FetchX509Bundles(contexts.back().get(), {}));
    REQUIRE(readers.back()->Read(&message));
  }
  grpc::ClientContext one_more;
  trust(one_more);
  auto const refused = api->FetchX509Bundles(&one_more, {});
  CHECK_FALSE(refused->Read(&message));
  CHECK(refused->Finish().error_code() == grpc::RESOURCE_EXHAUSTED);
  contexts.back()->TryCancel();
  CHECK(aw::testing::eventually([&] { return bench.fetch().ok(); }));
  for (auto const& context : contexts) context->TryCancel();
}

TEST_CASE("stop ends open streams promptly and removes the socket") {
  ServerBench bench;
  auto const api = stub(bench.endpoint);
  grpc::ClientContext context;
  trust(context);
  auto const reader = api->FetchX509SVID(&context, {});
  X509SVIDResponse message;
  REQUIRE(reader->Read(&message));
  auto const asked = std::chrono::steady_clock::now();
  bench.server->stop();
  CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(2));
  CHECK_FALSE(reader->Read(&message));
  CHECK_FALSE(reader->Finish().ok());
  CHECK_FALSE(std::filesystem::exists(bench.socket));
}

TEST_CASE("a second server does not take the socket of a running one") {
  ServerBench bench;
  auto const second = WorkloadServer::start(bench.socket, *bench.issuer, bench.clock);
  REQUIRE(!second.ok());
  CHECK(second.error().code == Code::address_in_use);
  CHECK(bench.fetch().ok());
}

TEST_CASE(
    "the dev provider publishes before start returns, follows its issuer and serves its socket") {
  aw::testing::TempDir const scratch;
  aw::SystemClock const clock;
  auto const provider =
      aw::identity::DevProvider::create(
          {.issuer = aw::testing::issuer_spec("dev.test"), .socket = scratch / "agent.sock"}, clock)
          .value();
  aw::io::Watch<Snapshot> watch;
  REQUIRE(provider->start(watch).ok());
  REQUIRE(watch.version() == 1);
  CHECK(provider->status().state == aw::identity::ProviderState::serving);
  auto const endpoint = WorkloadEndpoint::parse(provider->workload_address().value()).value();
  CHECK(aw::identity::fetch_snapshot(endpoint, kPatience, clock.now()).ok());
  REQUIRE(provider->reload().ok());
  CHECK(watch.version() == 2);
  CHECK(provider->status().rotations == 1);
  REQUIRE(provider->issuer().withdraw().ok());
  CHECK_FALSE(watch.latest().value->has_identity());
  CHECK(provider->status().state == aw::identity::ProviderState::denied);
  provider->stop();
  provider->stop();
  REQUIRE(provider->issuer().restore().ok());
  CHECK(watch.version() == 3);
}

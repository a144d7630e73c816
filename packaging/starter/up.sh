#!/bin/sh
# up.sh: what docker-compose.yaml describes, as processes of this user, with the same configuration: a real SPIRE server and agent, a
# real OPA, one agent. Wants spire-server, spire-agent, opa and agentweave on PATH. ../../examples/support/down.sh ends it.
set -eu
cd "$(dirname "$(realpath "$0")")"
EXAMPLE_PORT=${EXAMPLE_PORT:-18440}
. ../../examples/support/local.sh
STARTER_RUN=$run STARTER_SOCKETS=$run STARTER_SPIRE_BIND=127.0.0.1 STARTER_SPIRE_SERVER=127.0.0.1 STARTER_SPIRE_PORT=$(port 5)
STARTER_OPA=http://127.0.0.1:$(port 6) STARTER_LOG=$run STARTER_STATE=$run/state STARTER_HOST=127.0.0.1
STARTER_PORT=$(port 1) STARTER_METRICS_PORT=$(port 51) SPIFFE_ENDPOINT_SOCKET=unix://$run/agent.sock
export STARTER_RUN STARTER_SOCKETS STARTER_SPIRE_BIND STARTER_SPIRE_SERVER STARTER_SPIRE_PORT STARTER_OPA STARTER_LOG STARTER_STATE
export STARTER_HOST STARTER_PORT STARTER_METRICS_PORT SPIFFE_ENDPOINT_SOCKET

sh keys.sh "$run/keys"
mkdir -p "$run/server" "$run/agent"
start spire-server spire-server run -config spire/server.conf -expandEnv
until_up spire-server spire-server healthcheck -socketPath "$run/server.sock"
start spire-agent spire-agent run -config spire/agent.conf -expandEnv
until_up spire-agent spire-agent healthcheck -socketPath "$run/agent.sock"
spire-server entry create -socketPath "$run/server.sock" -parentID spiffe://starter.test/spire/agent/x509pop/cn/starter \
  -spiffeID spiffe://starter.test/agent/hello -selector "unix:uid:$(id -u)" -x509SVIDTTL 3600 -dns localhost >/dev/null
until_up spire-agent spire-agent api fetch x509 -socketPath "$run/agent.sock"
echo "SPIRE is up: spiffe://starter.test"
start opa opa run --server --addr "127.0.0.1:$(port 6)" --log-level error --disable-telemetry policy
until_up opa curl -sf --max-time 2 "$STARTER_OPA/health"
echo "OPA is up"
start hello "$agentweave" serve config.yaml
until_up hello "$agentweave" health --ready "http://127.0.0.1:$STARTER_METRICS_PORT"
echo "hello is ready"
# A client that is no workload of this agent: a certificate of its own, for curl.
spire-server x509 mint -socketPath "$run/server.sock" -spiffeID spiffe://starter.test/agent/client -write "$run/server" >/dev/null
mv "$run/server/svid.pem" "$run/client.pem"; mv "$run/server/key.pem" "$run/client.key"; mv "$run/server/bundle.pem" "$run/starter.test.pem"

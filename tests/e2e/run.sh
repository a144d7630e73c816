#!/bin/sh
# run.sh BINARY [--require-peers] [NAME…]: the end-to-end tests, each a Python program that drives the real binary.
# With --require-peers a missing SPIRE, OPA, grpcurl, helm, promtool, chromium, lintian, h2spec or TLS scanner is brought first (minutes at the first run) and may not be skipped.
set -eu
here=$(dirname "$(realpath "$0")")
binary=$(realpath "$1"); shift
tools=${AGENTWEAVE_PEERS_TOOLS:-$(realpath "$here/../../../shared/tools/peers" 2>/dev/null || true)}
if [ "${1:-}" = --require-peers ]; then
  shift
  [ -x "$tools/get-peers.sh" ] || { echo "e2e: the peers' scripts are not at $tools (set AGENTWEAVE_PEERS_TOOLS)" >&2; exit 3; }
  "$tools/get-peers.sh" opa spire grpcurl
  sh "$here/get-tools.sh"
  export AGENTWEAVE_REQUIRE_PEERS=1
fi
# A registry that hiccups is no fault of ours.
export PIP_RETRIES=10 PIP_DEFAULT_TIMEOUT=60 NPM_CONFIG_FETCH_RETRIES=5
export AGENTWEAVE_BINARY="$binary" AGENTWEAVE_PEERS_TOOLS="$tools"
exec python3 "$here/run.py" "$@"

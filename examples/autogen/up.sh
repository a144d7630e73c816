#!/bin/sh
# up.sh: client -> team (AutoGen) -> chat (LangChain) -> search, each behind its sidecar.
set -eu
cd "$(dirname "$(realpath "$0")")"
EXAMPLE_VENV=${EXAMPLE_VENV:-$PWD/.venv}
export EXAMPLE_VENV
. ../support/local.sh
../langchain/up.sh
CHAT_PORT=$(port 1) SEARCH_PORT=$(port 2) TEAM_OUTBOUND=$(port 5)
export CHAT_PORT SEARCH_PORT TEAM_OUTBOUND
identity shop.test team
AGENTWEAVE_APP=unix://$run/team.sock AGENTWEAVE_OUTBOUND=http://127.0.0.1:$TEAM_OUTBOUND start team-app "$EXAMPLE_VENV/bin/python" team_agent.py
until_up team-app test -S "$run/team.sock"
serve team config.yaml "$(port 4)"

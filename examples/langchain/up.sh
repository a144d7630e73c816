#!/bin/sh
# up.sh: two agents and their sidecars: client -> chat (LangChain) -> search.
set -eu
cd "$(dirname "$(realpath "$0")")"
. ../support/local.sh
python=${EXAMPLE_VENV:-$PWD/.venv}/bin/python
SEARCH_PORT=$(port 2) CHAT_OUTBOUND=$(port 3)
export SEARCH_PORT CHAT_OUTBOUND

authority shop.test
for name in chat search client; do identity shop.test "$name"; done

AGENTWEAVE_APP=unix://$run/search.sock start search-app "$python" search_agent.py
until_up search-app test -S "$run/search.sock"
AGENTWEAVE_APP=unix://$run/chat.sock AGENTWEAVE_OUTBOUND=http://127.0.0.1:$CHAT_OUTBOUND start chat-app "$python" chat_agent.py
until_up chat-app test -S "$run/chat.sock"
serve search search.yaml "$SEARCH_PORT"
serve chat config.yaml "$(port 1)"

#!/bin/sh
# setup.sh: AutoGen, LangChain for the agent it asks, and the thin client, in one environment (EXAMPLE_VENV, or .venv here).
set -eu
here=$(dirname "$(realpath "$0")")
venv=${EXAMPLE_VENV:-$here/.venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q -r "$here/requirements.txt" -r "$here/../langchain/requirements.txt" "$here/../../packaging/python"

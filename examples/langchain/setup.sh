#!/bin/sh
# setup.sh: LangChain and the thin client in an environment of their own (EXAMPLE_VENV, or .venv here).
set -eu
here=$(dirname "$(realpath "$0")")
venv=${EXAMPLE_VENV:-$here/.venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q -r "$here/requirements.txt" "$here/../../packaging/python"

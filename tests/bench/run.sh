#!/bin/sh
# run.sh BUILD serve [--format json]: what one request costs the server, all gates on (BUILD/release/agentweave).
set -eu
here=$(dirname "$(realpath "$0")")
build=$1; shift
what=${1:-serve}
[ $# -eq 0 ] || shift
case $what in
  serve) exec python3 "$here/serve.py" "$build/release/agentweave" "$@" ;;
  *) echo "bench: there is only: serve" >&2; exit 2 ;;
esac

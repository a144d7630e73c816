#!/bin/sh
# run.sh BUILD serve [--format json]: what one request costs the server, all gates on (BUILD/release/agentweave).
# run.sh BUILD prove [--format json]: what signing the audit log, and shadow, decision store and tracing, add to a request.
# run.sh BUILD policy [--format json]: what one decision costs (BUILD/release/policy_bench), and OPA's where Go is there.
set -eu
here=$(dirname "$(realpath "$0")")
build=$1; shift
what=${1:-serve}
[ $# -eq 0 ] || shift
case $what in
  serve) exec python3 "$here/serve.py" "$build/release/agentweave" "$@" ;;
  prove) exec python3 "$here/prove.py" "$build/release/agentweave" "$@" ;;
  policy) exec python3 "$here/policy.py" "$build/release/policy_bench" "$@" ;;
  *) echo "bench: there are: serve, prove, policy" >&2; exit 2 ;;
esac

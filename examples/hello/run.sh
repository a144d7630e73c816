#!/bin/sh
# run.sh BINARY [--once]: runs this example with `agentweave dev`. With --once it makes one allowed and one denied call,
# shows both, and ends.
set -eu
here=$(dirname "$(realpath "$0")")
binary=$1; shift
cd "$here"
if [ "${1:-}" != --once ]; then
  cat >&2 <<HELP
Call it from a second terminal:
  $binary call hello greet '{"name":"Ada"}' --as client
  $binary call hello delete_all '{}' --as client        # denied, and why
HELP
  exec "$binary" dev "$@"
fi

work=$(mktemp -d)
export XDG_RUNTIME_DIR="$work" # where `dev` leaves what `call` looks for
unset SPIFFE_ENDPOINT_SOCKET
pid=
clean() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" || true; }
  rm -rf "$work"
}
trap clean EXIT INT TERM
# Free ports, so that this works beside anything else.
"$binary" dev --set server.port=0 --set server.admin.port=0 --set observability.metrics.port=0 \
  >"$work/out" 2>"$work/err" &
pid=$!
tries=0
until grep -q '^listening' "$work/out" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -gt 200 ] || ! kill -0 "$pid" 2>/dev/null; then
    cat "$work/out" "$work/err" >&2
    echo "the example did not start" >&2
    exit 1
  fi
  sleep 0.1
done
cat "$work/out"

echo
echo "\$ agentweave call hello greet '{\"name\":\"Ada\"}' --as client"
"$binary" call hello greet '{"name":"Ada"}' --as client
echo
echo "\$ agentweave call hello delete_all '{}' --as client"
status=0
"$binary" call hello delete_all '{}' --as client || status=$?
echo "exit code $status (3 = denied)"
[ "$status" = 3 ] || { echo "the second call should have been denied" >&2; exit 1; }

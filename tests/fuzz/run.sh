#!/bin/sh
# run.sh BUILD NAME|all SECONDS: libFuzzer on the targets, two at a time, starting from their corpus. New finds stay in the build tree.
# AGENTWEAVE_FUZZ_SEED makes a run repeatable, to AGENTWEAVE_FUZZ_RUNS inputs at most; without it each run looks elsewhere.
set -eu
build=$1 name=$2 seconds=$3
here=$(dirname "$(realpath "$0")")
build=$(realpath "$build")
one() {
  target=$(basename "$1" .cc)
  mkdir -p "$build/corpus/$target"
  log=$build/corpus/$target.log
  if "$build/tests/fuzz_$target" -max_total_time="$seconds" -seed="${AGENTWEAVE_FUZZ_SEED:-0}" -runs="${AGENTWEAVE_FUZZ_RUNS:--1}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
    -artifact_prefix="$build/corpus/$target-" "$build/corpus/$target" "$here/corpus/$target" >"$log" 2>&1; then
    echo "ok   $target $(tail -1 "$log")"
  else
    echo "FAIL $target"; tail -40 "$log"; return 1
  fi
}
if [ "$name" != all ]; then one "$name"; exit; fi
failed=0
set -- "$here"/*.cc
while [ $# -gt 0 ]; do
  one "$1" & first=$!
  second=
  if [ $# -gt 1 ]; then one "$2" & second=$!; shift; fi
  shift
  wait $first || failed=1
  [ -z "$second" ] || wait $second || failed=1
done
exit $failed

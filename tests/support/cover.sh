#!/bin/sh
# cover.sh BUILD: runs every test program of a `cover` build and prints line coverage of core/, commands/ and cli/.
set -eu
build=$(realpath "$1")
cd "$(dirname "$(realpath "$0")")/../.."
rm -f "$build"/*.profraw
objects=
for program in "$build"/tests/*_tests; do
  LLVM_PROFILE_FILE="$build/$(basename "$program").profraw" "$program" >/dev/null || echo "failed: $program" >&2
  objects="$objects -object $program"
done
llvm-profdata-19 merge -sparse "$build"/*.profraw -o "$build/all.profdata"
# shellcheck disable=SC2086
llvm-cov-19 report $objects -instr-profile="$build/all.profdata" -ignore-filename-regex='(tests|generated)/' | tail -200

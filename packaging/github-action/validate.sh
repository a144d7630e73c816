#!/usr/bin/env bash
# validate.sh: FILES (a pattern), POLICY, ENVIRONMENT, SARIF from the environment; the annotations of GitHub on stdout.
set -euo pipefail
shopt -s nullglob globstar
# shellcheck disable=SC2206  # the pattern is to be expanded
files=($FILES)
[ ${#files[@]} -gt 0 ] || { echo "::error::no file matches $FILES"; exit 4; }
formats=github${SARIF:+,sarif=$SARIF}
agentweave config validate "${files[@]}" --env "$ENVIRONMENT" ${POLICY:+--policy "$POLICY"} --format "$formats"

#!/bin/sh
set -eu
cd "$(dirname "$(realpath "$0")")"
. ../support/local.sh
LEGACY_PORT=$(port 2)
export LEGACY_PORT
authority shop.test
for name in legacy client stranger; do identity shop.test "$name"; done
start legacy-app python3 legacy.py "$LEGACY_PORT"
until_up legacy-app curl -s --max-time 2 -d '{}' "http://127.0.0.1:$LEGACY_PORT/"
serve legacy sidecar.yaml "$(port 1)"

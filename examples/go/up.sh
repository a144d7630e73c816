#!/bin/sh
set -eu
cd "$(dirname "$(realpath "$0")")"
. ../support/local.sh
authority shop.test
for name in echo client; do identity shop.test "$name"; done
serve echo config.yaml "$(port 1)"

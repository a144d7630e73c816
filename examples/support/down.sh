#!/bin/sh
# down.sh: ends what the example's up.sh started, and removes its state.
set -eu
. "$(dirname "$(realpath "$0")")/local.sh"
stop
case $run in */.run | /tmp/*) rm -rf "$run" ;; esac

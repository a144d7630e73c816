#!/bin/sh
set -eu
cd "$(dirname "$(realpath "$0")")"
. ../support/local.sh
PYTHONPATH=$PWD/../../packaging/python
WORKER_1=$(port 2) WORKER_2=$(port 3) OUTBOUND=$(port 4)
export PYTHONPATH WORKER_1 WORKER_2 OUTBOUND
authority shop.test
for name in orchestrator worker-1 worker-2 client; do identity shop.test "$name"; done
number=1
for name in orchestrator worker-1 worker-2; do
  AGENTWEAVE_APP=unix://$run/$name.sock AGENTWEAVE_OUTBOUND=127.0.0.1:$OUTBOUND start "$name-app" python3 agents.py "$name"
  until_up "$name-app" test -S "$run/$name.sock"
  config=worker.yaml; [ "$name" != orchestrator ] || config=orchestrator.yaml
  export NAME="$name"
  serve "$name" "$config" "$(port $number)"
  number=$((number + 1))
done

#!/bin/sh
# up.sh: two SPIRE servers, two SPIRE agents, an agent in each trust domain.
set -eu
cd "$(dirname "$(realpath "$0")")"
. ../support/local.sh
. ../support/spire.sh
EU_PORT=$(port 2) OUTBOUND=$(port 3)
export EU_PORT OUTBOUND
spire us.test "$(port 4)"
spire eu.test "$(port 5)"
introduce us.test eu.test # spire-server bundle set -format spiffe -id spiffe://us.test
introduce eu.test us.test
entry us.test processor -federatesWith spiffe://eu.test
entry eu.test analyzer -federatesWith spiffe://us.test
mint us.test stranger
serve analyzer eu.yaml "$EU_PORT"
serve processor us.yaml "$(port 1)"

# SPDX-License-Identifier: Apache-2.0
# For the examples' up.sh: several agents on one machine without SPIRE. Certificates come from a throw-away authority that openssl
# makes here, so everything runs with --env development; with SPIRE the same configurations take `identity.provider: spiffe`.
# State is in .run: logs, keys, process ids. `stop` ends what was started here, and only that.
run=${EXAMPLE_RUN:-$PWD/.run}
base=${EXAMPLE_PORT:-18440} # ports of an example: base, base+1, …
agentweave=${AGENTWEAVE:-agentweave}
mkdir -p "$run"
chmod 700 "$run"
export EXAMPLE_RUN="$run"

port() { echo $((base + $1)); }

# authority DOMAIN: a CA for spiffe://DOMAIN
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -keyout "$run/$1.key" -out "$run/$1.pem" -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign,cRLSign -addext "subjectAltName=URI:spiffe://$1" 2>/dev/null
}

# identity DOMAIN NAME: $run/NAME.pem and .key for spiffe://DOMAIN/agent/NAME
identity() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$run/$2.key" -out "$run/$2.csr" 2>/dev/null
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=URI:spiffe://%s/agent/%s,DNS:localhost\n' "$1" "$2" >"$run/$2.ext"
  openssl x509 -req -in "$run/$2.csr" -CA "$run/$1.pem" -CAkey "$run/$1.key" -days 1 -extfile "$run/$2.ext" -out "$run/$2.pem" 2>/dev/null
  chmod 600 "$run/$2.key"
}

# start NAME COMMAND…: in the background
start() {
  _started=$1; shift
  "$@" >"$run/$_started.log" 2>&1 &
  echo "$! $_started" >>"$run/pids"
}

# until_up NAME COMMAND…: waits until the command succeeds, ten seconds at most
until_up() {
  _awaited=$1; shift
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ]; then
      echo "$_awaited did not come up:" >&2
      tail -n 20 "$run/$_awaited.log" >&2
      exit 1
    fi
    sleep 0.1
  done
}

# serve NAME CONFIG PORT: an agent of that identity; its metrics are on PORT+50
serve() {
  IDENTITY="$run/$1" PORT=$3 METRICS_PORT=$(($3 + 50)) start "$1" "$agentweave" serve "$2" --env development --set server.admin.enabled=false
  until_up "$1" "$agentweave" health --ready "http://127.0.0.1:$(($3 + 50))"
  echo "$1 is ready"
}

# stop: everything that start started, last first
stop() {
  [ -f "$run/pids" ] || return 0
  sed '1!G;h;$!d' "$run/pids" | while read -r pid _; do
    kill "$pid" 2>/dev/null || true
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
  done
  rm -f "$run/pids"
}

# SPDX-License-Identifier: Apache-2.0
# A real SPIRE server and agent a trust domain, as processes on loopback, for the examples and the starter. Wants spire-server and
# spire-agent on PATH, and local.sh before it.

# spire DOMAIN SERVER_PORT: $run/DOMAIN/agent.sock is its Workload API
spire() {
  home=$run/$1
  mkdir -p "$home/server" "$home/agent"
  cat >"$home/server.conf" <<C
server {
  bind_address = "127.0.0.1"
  bind_port = "$2"
  socket_path = "$home/server.sock"
  trust_domain = "$1"
  data_dir = "$home/server"
  log_level = "WARN"
  default_x509_svid_ttl = "1h"
}
plugins {
  DataStore "sql" { plugin_data { database_type = "sqlite3" connection_string = "$home/server/datastore.sqlite3" } }
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "memory" { plugin_data {} }
}
C
  cat >"$home/agent.conf" <<C
agent {
  server_address = "127.0.0.1"
  server_port = "$2"
  socket_path = "$home/agent.sock"
  trust_domain = "$1"
  trust_bundle_path = "$home/bundle.pem"
  data_dir = "$home/agent"
  log_level = "WARN"
}
plugins {
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "memory" { plugin_data {} }
  WorkloadAttestor "unix" { plugin_data {} }
}
C
  start "$1-server" spire-server run -config "$home/server.conf"
  until_up "$1-server" spire-server healthcheck -socketPath "$home/server.sock"
  spire-server bundle show -socketPath "$home/server.sock" >"$home/bundle.pem"
  token=$(spire-server token generate -socketPath "$home/server.sock" -spiffeID "spiffe://$1/node" | sed -n 's/^Token: //p')
  start "$1-agent" spire-agent run -config "$home/agent.conf" -joinToken "$token"
  until_up "$1-agent" spire-agent healthcheck -socketPath "$home/agent.sock"
}

# entry DOMAIN NAME [MORE…]: every process of this user gets spiffe://DOMAIN/agent/NAME
entry() {
  _domain=$1 _member=$2; shift 2
  spire-server entry create -socketPath "$run/$_domain/server.sock" -parentID "spiffe://$_domain/node" \
    -spiffeID "spiffe://$_domain/agent/$_member" -selector "unix:uid:$(id -u)" -x509SVIDTTL 3600 "$@" >/dev/null
  # The agent asks its server every few seconds.
  until_up "$_domain-agent" spire-agent api fetch x509 -socketPath "$run/$_domain/agent.sock"
}

# introduce FROM TO: TO's server learns FROM's bundle
introduce() {
  spire-server bundle show -socketPath "$run/$1/server.sock" -format spiffe |
    spire-server bundle set -socketPath "$run/$2/server.sock" -format spiffe -id "spiffe://$1" >/dev/null
}

# mint DOMAIN NAME: $run/NAME.pem and .key, for a client outside of any agent
mint() {
  spire-server x509 mint -socketPath "$run/$1/server.sock" -spiffeID "spiffe://$1/agent/$2" -write "$run/$1" >/dev/null
  mv "$run/$1/svid.pem" "$run/$2.pem"; mv "$run/$1/key.pem" "$run/$2.key"; cp "$run/$1/bundle.pem" "$run/$1.pem"
}

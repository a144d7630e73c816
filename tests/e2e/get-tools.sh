#!/bin/sh
# get-tools.sh [vault]: what the tests of the packaging and of the trust map ask for and a build does not: promtool, lintian,
# systemd's containers and chromium from Debian, helm and Compose's schema from Go's module proxy into the peers' cache. What is
# there is left alone. With `vault`, HashiCorp's Vault too, as its own `minimal` build (a quarter of an hour of two processors);
# without it a server of the tests' own stands for it (keepers.py).
set -eu
cache=${AGENTWEAVE_PEERS:-$HOME/.cache/agentweave-peers}/bin
helm=v3.18.4

missing=
command -v promtool >/dev/null || missing="$missing prometheus"
command -v lintian >/dev/null || missing="$missing lintian"
command -v chromium >/dev/null || missing="$missing chromium"
command -v systemd-nspawn >/dev/null || missing="$missing systemd-container"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
if [ -n "$missing" ]; then
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi

mkdir -p "$cache"
if [ ! -x "$cache/helm" ] || [ ! -f "$cache/.helm-$helm" ]; then
  rm -f "$cache"/.helm-*
  GOBIN=$cache nice -n 15 go install -trimpath -buildvcs=false "helm.sh/helm/v3/cmd/helm@$helm"
  touch "$cache/.helm-$helm"
fi

compose=github.com/compose-spec/compose-go/v2@v2.9.0
if [ ! -f "$cache/compose-spec.json" ]; then
  (cd "$cache" && go mod download "$compose")
  install -m 644 "$(go env GOMODCACHE)/$compose/schema/compose-spec.json" "$cache/"
fi

# Its go.mod replaces modules by directories that the module proxy does not have: their published versions take their place.
vault=v1.21.4
if [ "${1:-}" = vault ] && { [ ! -x "$cache/vault" ] || [ ! -f "$cache/.vault-$vault" ]; }; then
  rm -f "$cache"/.vault-*
  source=$(mktemp -d)
  trap 'rm -rf "$source"' EXIT
  (cd "$cache" && go mod download "github.com/hashicorp/vault@$vault")
  cp -r "$(go env GOMODCACHE)/github.com/hashicorp/vault@$vault/." "$source/"
  chmod -R u+w "$source"
  (
    cd "$source"
    for module in api api/auth/approle api/auth/kubernetes api/auth/userpass sdk; do
      go mod edit -dropreplace="github.com/hashicorp/vault/$module"
    done
    nice -n 15 go build -mod=mod -tags minimal -trimpath -buildvcs=false -o "$cache/vault" .
  )
  touch "$cache/.vault-$vault"
fi

# A bare Debian 12 to install the package on; only root can make and use one.
if [ "$(id -u)" = 0 ] && [ ! -f "$cache/../debian-12/.made" ]; then
  rm -rf "$cache/../debian-12"
  debootstrap --variant=minbase bookworm "$cache/../debian-12" http://deb.debian.org/debian
  touch "$cache/../debian-12/.made"
fi

#!/bin/sh
# get-tools.sh: what the tests of the packaging, of the trust map and of the listener ask for and a build does not: promtool, lintian,
# systemd's containers, chromium, sslscan, testssl.sh and slowhttptest from Debian, helm, h2spec and Compose's schema from Go's module
# proxy into the peers' cache. What is there is left alone.
set -eu
cache=${AGENTWEAVE_PEERS:-$HOME/.cache/agentweave-peers}/bin
helm=v3.18.4

missing=
command -v promtool >/dev/null || missing="$missing prometheus"
command -v lintian >/dev/null || missing="$missing lintian"
command -v chromium >/dev/null || missing="$missing chromium"
command -v systemd-nspawn >/dev/null || missing="$missing systemd-container"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
command -v sslscan >/dev/null || missing="$missing sslscan"
command -v testssl >/dev/null || missing="$missing testssl.sh"
command -v slowhttptest >/dev/null || missing="$missing slowhttptest"
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

h2spec=v2.2.1
if [ ! -x "$cache/h2spec" ] || [ ! -f "$cache/.h2spec-$h2spec" ]; then
  rm -f "$cache"/.h2spec-*
  GOBIN=$cache nice -n 15 go install -trimpath -buildvcs=false "github.com/summerwind/h2spec/cmd/h2spec@$h2spec+incompatible"
  touch "$cache/.h2spec-$h2spec"
fi

compose=github.com/compose-spec/compose-go/v2@v2.9.0
if [ ! -f "$cache/compose-spec.json" ]; then
  (cd "$cache" && go mod download "$compose")
  install -m 644 "$(go env GOMODCACHE)/$compose/schema/compose-spec.json" "$cache/"
fi

# A bare Debian 12 to install the package on; only root can make and use one.
if [ "$(id -u)" = 0 ] && [ ! -f "$cache/../debian-12/.made" ]; then
  rm -rf "$cache/../debian-12"
  debootstrap --variant=minbase bookworm "$cache/../debian-12" http://deb.debian.org/debian
  touch "$cache/../debian-12/.made"
fi

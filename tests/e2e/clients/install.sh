#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh CACHE: the official A2A clients, each at its exact version, into a directory outside the tree. Does what is
# missing and nothing else.
set -eu
here=$(dirname "$(realpath "$0")")
cache=$1
mkdir -p "$cache"

python() { # python DIRECTORY VERSION
  [ -e "$cache/$1/.done" ] && return 0
  python3 -m venv "$cache/$1"
  "$cache/$1/bin/pip" install -q --disable-pip-version-check "a2a-sdk[http-server,grpc,signing]==$2" httpx cryptography
  touch "$cache/$1/.done"
}
javascript() { # javascript DIRECTORY VERSION
  [ -e "$cache/$1/.done" ] && return 0
  mkdir -p "$cache/$1"
  (cd "$cache/$1" && printf '{"private":true,"type":"module"}\n' > package.json &&
    npm install --silent --no-fund --no-audit "@a2a-js/sdk@$2" undici@6)
  touch "$cache/$1/.done"
}
go_program() { # go_program DIRECTORY NAME VERSION: one program of its own source and the shared one
  cmp -s "$here/$1/$2.go" "$cache/$1/$2.go" && cmp -s "$here/go_shared/shared.go" "$cache/$1/shared.go" && [ -x "$cache/$1/$2" ] && return 0
  mkdir -p "$cache/$1"
  cp "$here/$1/$2.go" "$here/go_shared/shared.go" "$cache/$1/"
  (cd "$cache/$1" && { [ -f go.mod ] || go mod init "$2"; } && go get "github.com/a2aproject/a2a-go/v2@v$3" &&
    go mod tidy && go build -o "$2" "$2.go" shared.go) 2>"$cache/$1/build.log" || { cat "$cache/$1/build.log" >&2; return 1; }
}
python python_1 1.3.0
python python_03 0.3.26
javascript js_1 1.3.0
javascript js_03 0.3.14
go_program go driver 2.3.1
go_program go_server server 2.3.1
go_program go_grpc client 2.3.1
go_program go_streams streams 2.3.1

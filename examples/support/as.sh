#!/bin/sh
# as.sh NAME METHOD… : curl as this identity of the example (mutual TLS), e.g.  ../support/as.sh client https://localhost:18441/…
set -eu
. "$(dirname "$(realpath "$0")")/local.sh"
name=$1; shift
domain=$(openssl x509 -in "$run/$name.pem" -noout -ext subjectAltName | sed -n 's|.*URI:spiffe://\([^/]*\)/.*|\1|p')
exec curl -sS --max-time 30 --cert "$run/$name.pem" --key "$run/$name.key" --cacert "${CACERT:-$run/$domain.pem}" "$@"

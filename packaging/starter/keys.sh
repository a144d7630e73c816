#!/bin/sh
# keys.sh DIRECTORY: a throw-away authority and the certificate by which the SPIRE agent proves itself (x509pop).
set -eu
mkdir -p "$1" && cd "$1"
[ -f node.pem ] && exit 0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=starter-nodes -keyout ca.key -out ca.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=starter -keyout node.key -out node.csr 2>/dev/null
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n' >node.ext
openssl x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile node.ext -out node.pem 2>/dev/null
chmod 600 ca.key node.key
rm -f node.csr node.ext

#!/bin/sh
# setup.sh: the official SDK and a compiler for TypeScript (Node 20 runs JavaScript), then client.ts to client.mjs. EXAMPLE_MODULES: a
# directory that keeps node_modules.
set -eu
here=$(dirname "$(realpath "$0")")
modules=${EXAMPLE_MODULES:-$here}
mkdir -p "$modules"
[ "$modules" = "$here" ] || cp "$here/package.json" "$modules/"
[ -d "$modules/node_modules/@a2a-js/sdk" ] || (cd "$modules" && npm install --silent --no-fund --no-audit)
[ "$modules" = "$here" ] || ln -sfn "$modules/node_modules" "$here/node_modules"
"$here/node_modules/.bin/esbuild" "$here/client.ts" --format=esm --platform=node --target=node20 --outfile="$here/client.mjs" --log-level=warning

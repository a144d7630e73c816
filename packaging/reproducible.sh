#!/bin/sh
# reproducible.sh TREE: builds the committed source twice, without a cache, in two directories of different names, and compares
# the binaries and the packages. Takes what two release builds take.
set -eu
tree=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export CCACHE_DISABLE=1
SOURCE_DATE_EPOCH=$(git -C "$tree" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
for place in a/one b/a-longer-name; do
  mkdir -p "$work/$place"
  git -C "$tree" archive HEAD | tar -x -C "$work/$place"
  (
    cd "$work/$place"
    # The cache of ThinLTO is of one build only, or the second would be the first.
    cmake --preset release -DCMAKE_EXE_LINKER_FLAGS="-fuse-ld=lld -pie -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed" >/dev/null
    nice -n 5 ninja -C build/release -j "${JOBS:-$(nproc)}" agentweave >/dev/null
    sh packaging/package.sh build/release >/dev/null
  )
done
for file in agentweave dist/SHA256SUMS; do
  cmp "$work/a/one/build/release/$file" "$work/b/a-longer-name/build/release/$file"
done
cat "$work/a/one/build/release/dist/SHA256SUMS"
echo "reproducible: the same bytes twice"

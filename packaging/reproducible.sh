#!/bin/sh
# reproducible.sh TREE: builds the committed source twice, from nothing, in two directories of different names, and compares
# the binary, the libraries of the SDK and the packages. Takes what two release builds take. With KEEP=DIRECTORY the builds
# stay there (DIRECTORY/a/one, DIRECTORY/b/a-longer-name), else they go.
#
# The compiler is called through ccache, as in every build (CMakePresets.json): it makes the paths below the tree relative, and
# the path of a source is part of an object made for ThinLTO. Its cache, and the linker's, are empty and of one build each, or
# the second would be the first.
set -eu
tree=$1
if [ -n "${KEEP:-}" ]; then
  work=$KEEP; mkdir -p "$work"
else
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT INT TERM
fi
unset CCACHE_DISABLE CCACHE_BASEDIR
SOURCE_DATE_EPOCH=$(git -C "$tree" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
for place in a/one b/a-longer-name; do
  rm -rf "${work:?}/$place"
  mkdir -p "$work/$place/home"
  git -C "$tree" archive HEAD | tar -x -C "$work/$place"
  (
    cd "$work/$place"
    export HOME="$PWD/home" CCACHE_DIR="$PWD/home/ccache" AGENTWEAVE_SDK=1
    cmake --preset release >/dev/null
    nice -n 10 ninja -C build/release -j "${JOBS:-$(nproc)}" agentweave sdk >build.log || { tail -n 40 build.log >&2; exit 1; }
    cmake --preset release >/dev/null
    sh packaging/package.sh build/release >/dev/null
  )
done
cd "$work"
for file in agentweave $(cd a/one/build/release && echo sdk/*.so.*.*.* dist/*.deb dist/sbom.* dist/SHA256SUMS); do
  cmp "a/one/build/release/$file" "b/a-longer-name/build/release/$file"
  echo "same  $file"
done
cat a/one/build/release/dist/SHA256SUMS
echo "reproducible: the same bytes twice"

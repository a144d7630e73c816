#!/bin/sh
# package.sh BUILD_DIRECTORY: the .deb, its SBOM and their checksums, in BUILD_DIRECTORY/dist. The binary is there already.
# With AGENTWEAVE_SDK=1 the target `sdk` is too, and agentweave-dev is packed beside it.
# Packed again, the same bytes: times are the last commit's.
set -eu
root=$(dirname "$(dirname "$(realpath "$0")")")
build=$(realpath "$1")
cd "$root"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
umask 022
version=$(sed -n 's/^project(agentweave VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)

mkdir -p "$build/dist"
rm -f "$build"/dist/*.deb "$build/dist/SHA256SUMS"
python3 packaging/sbom.py "$build" "$version"
for config in CPackConfig.cmake ${AGENTWEAVE_SDK:+CPackSdkConfig.cmake}; do
  (cd "$build" && cpack --config "$config" >dist/cpack.log 2>&1) || { cat "$build/dist/cpack.log" >&2; exit 1; }
done
cd "$build/dist"
rm -rf _CPack_Packages cpack.log
sha256sum ./*.deb sbom.spdx.json sbom.cyclonedx.json >SHA256SUMS
ls -l ./*.deb

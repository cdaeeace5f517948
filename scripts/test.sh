#!/bin/bash
# make test: runs every test, debug build, and those that face Postgres once more beside the newest Postgres. The tests start Postgres and
# Kafka themselves, on free ports. A process that is left after the run fails the run. The failed tests are printed again at the end.
# With arguments, which go to swift test (--filter ...), there is one run only.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/test-run.sh"
run_tests "${TEST_LIMIT:-40m}" "${TEST_WIDTH:-8}" "$@"
[ $# -gt 0 ] || [ -n "${TEST_POSTGRES_BIN:-}" ] || POSTGRES_VERSIONS=18 scripts/test-postgres.sh

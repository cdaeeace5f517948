#!/bin/bash
# make test: runs every test, debug build. The tests start Postgres and Kafka themselves, on free ports. A process that is left after
# the run fails the run. The failed tests are printed again at the end. Arguments go to swift test (--filter ...).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/test-run.sh"
run_tests "${TEST_LIMIT:-40m}" "${TEST_WIDTH:-8}" "$@"

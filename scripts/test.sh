#!/bin/bash
# What make test runs: every test, debug build. Postgres and Kafka are started by the tests themselves, on free ports.
# Afterwards no process of the run may be left; one that is fails the run. What failed is said again at the end, where it is found among
# thousands of lines. Arguments go to swift test (--filter ...).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/test-run.sh"
run_tests "${TEST_LIMIT:-40m}" "${TEST_WIDTH:-8}" "$@"

#!/bin/bash
# What make test runs: every test, debug build. Postgres and Kafka are started by the tests themselves, on free ports.
# Afterwards no process of the run may be left; one that is fails the run. What failed is said again at the end, where it is found among
# thousands of lines. Arguments go to swift test (--filter ...).
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
swift="${SWIFT:-swift}"
cd "$root"
scripts/packages.sh test
export TEST_PYTHON="$(scripts/python.sh)"

# Every process below carries this mark in its environment, so leftovers can be told from other people's processes.
export OUTBOX_TEST_RUN="$$-$RANDOM"

marked() {
    local directory
    for directory in /proc/[0-9]*; do
        [ "${directory#/proc/}" != "$$" ] || continue
        grep -qzx "OUTBOX_TEST_RUN=$OUTBOX_TEST_RUN" "$directory/environ" 2>/dev/null && printf '%s\n' "${directory#/proc/}"
    done
    return 0
}

# The owners of private servers clean up when the test process has ended; they get a moment for it.
sweep() {
    local waited=0 left
    left="$(marked)"
    while [ -n "$left" ] && [ "$waited" -lt 100 ]; do
        sleep 0.1
        waited=$((waited + 1))
        left="$(marked)"
    done
    [ -n "$left" ] || return 0
    say "left behind by the tests:" >&2
    for pid in $left; do
        ps -o pid=,args= -p "$pid" >&2 || true
        kill -KILL "$pid" 2>/dev/null || true
    done
    return 1
}
unset DATABASE_URL
# make test-kafka means the broker that is named; whoever has one in the environment by chance does not.
[ -n "${TEST_KAFKA:-}" ] || unset "${!KAFKA_@}"

# Hundreds of tests at once on two cores starve each other until their generous limits pass.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH="${TEST_WIDTH:-8}"

log="$(mktemp)"
trap 'rm -f "$log"' EXIT

# What went wrong, with the reasons; a run that broke off is told by its last lines.
failures() {
    say "" "failed:"
    grep -aE -A4 '^✘ .*(recorded an issue|Caught error)|^(Fatal error|error:|\*\*\* )' "$log" | tail -n 80 || tail -n 20 "$log"
}

status=0
$swift build --build-tests || exit $?
# A test that hangs must not hang whoever waits for the answer, nor may a process it left behind, which holds on to the pipe.
timeout --kill-after=30 "${TEST_LIMIT:-40m}" $swift test --skip-build "$@" </dev/null > >(tee "$log") 2>&1 || status=$?
sweep || status=1
[ "$status" = 0 ] || failures
exit "$status"

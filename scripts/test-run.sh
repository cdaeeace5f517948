# Runs tests for test.sh and test-tsan.sh: with their own servers and a time limit, and without leftover processes. Sourced, not run.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
swift="${SWIFT:-swift}"
cd "$root"

# Every process of the run has this mark in its environment. The mark tells leftovers from the processes of others.
export OUTBOX_TEST_RUN="$$-$RANDOM"

marked() {
    local directory
    for directory in /proc/[0-9]*; do
        [ "${directory#/proc/}" != "$$" ] || continue
        grep -qzx "OUTBOX_TEST_RUN=$OUTBOX_TEST_RUN" "$directory/environ" 2>/dev/null && printf '%s\n' "${directory#/proc/}"
    done
    return 0
}

# Private servers end after the test process has ended; this waits ten seconds for them, then kills and reports the others.
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

# Removed at the end of the run.
run_files="$(mktemp -d)"
trap 'rm -rf "$run_files"' EXIT
log="$run_files/log"

# Prints the failed tests with their reasons, or the last lines of a run that broke off.
failures() {
    say "" "failed:"
    grep -aE -A4 '^✘ .*(recorded an issue|Caught error)|^(Fatal error|error:|\*\*\* )' "$log" | tail -n 80 || tail -n 20 "$log"
}

# Options of both the build and the run.
build_flags=()

# run_tests LIMIT WIDTH ARGUMENT...: builds the tests and runs them; the arguments go to swift test.
#
#   LIMIT  the longest time for all tests, so that a test that hangs does not hang the caller
#   WIDTH  how many tests run at once: hundreds of tests on two cores exceed their time limits
run_tests() {
    local limit="$1" width="$2" status=0
    shift 2
    scripts/packages.sh test || return $?
    TEST_PYTHON="$(scripts/python.sh)" || return $?
    export TEST_PYTHON SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH="$width"
    unset DATABASE_URL
    # Only make test-kafka uses the brokers of the environment.
    [ -n "${TEST_KAFKA:-}" ] || unset "${!KAFKA_@}"

    $swift build --build-tests "${build_flags[@]}" || return $?
    # tee runs beside the tests: a leftover process that holds the pipe must not hang the caller.
    timeout --kill-after=30 "$limit" $swift test --skip-build "${build_flags[@]}" "$@" </dev/null > >(tee "$log") 2>&1 || status=$?
    sweep || status=1
    [ "$status" = 0 ] || failures
    return "$status"
}

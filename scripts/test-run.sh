# How tests are run, whatever they were built for: servers of their own, a time limit, and nothing left behind. Sourced, not run.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
swift="${SWIFT:-swift}"
cd "$root"

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

# Gone when the run is over.
run_files="$(mktemp -d)"
trap 'rm -rf "$run_files"' EXIT
log="$run_files/log"

# What went wrong, with the reasons; a run that broke off is told by its last lines.
failures() {
    say "" "failed:"
    grep -aE -A4 '^✘ .*(recorded an issue|Caught error)|^(Fatal error|error:|\*\*\* )' "$log" | tail -n 80 || tail -n 20 "$log"
}

# What the build and the run are told alike.
build_flags=()

# run_tests LIMIT WIDTH ARGUMENT...: builds the tests and runs them, with these arguments to swift test.
#
#   LIMIT  how long all of them may take: a test that hangs must not hang whoever waits for the answer
#   WIDTH  how many run at once: hundreds of them on two cores starve each other until their generous limits pass
run_tests() {
    local limit="$1" width="$2" status=0
    shift 2
    scripts/packages.sh test || return $?
    TEST_PYTHON="$(scripts/python.sh)" || return $?
    export TEST_PYTHON SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH="$width"
    unset DATABASE_URL
    # make test-kafka means the broker that is named; whoever has one in the environment by chance does not.
    [ -n "${TEST_KAFKA:-}" ] || unset "${!KAFKA_@}"

    $swift build --build-tests "${build_flags[@]}" || return $?
    # Nor may a process that the tests left behind hang anybody: it holds on to the pipe.
    timeout --kill-after=30 "$limit" $swift test --skip-build "${build_flags[@]}" "$@" </dev/null > >(tee "$log") 2>&1 || status=$?
    sweep || status=1
    [ "$status" = 0 ] || failures
    return "$status"
}

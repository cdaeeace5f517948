#!/bin/bash
# What make test-tsan runs: the tests under Thread Sanitizer, in a build folder of their own. Arguments go to swift test (--filter ...).
#
# Left out are EndToEndTests, whose subject is processes and not threads, and InvariantKitTests, whose subject has no thread at all. A
# race fails the run, though every test passed; the reports are printed at the end.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/test-run.sh"

build_flags=(--sanitize=thread --scratch-path .build/tsan)
# Nothing is suppressed: what the sanitizer cannot see by itself, Tests/ThreadSanitizerKit tells it. Each process writes its reports to
# a file of its own, so that those of one that was killed count as well.
export TSAN_OPTIONS="log_path=$run_files/race halt_on_error=0 history_size=5"

status=0
run_tests "${TEST_LIMIT:-60m}" "${TEST_WIDTH:-4}" --skip '^(EndToEndTests|InvariantKitTests)\.' "$@" || status=$?
for report in "$run_files"/race.*; do
    [ -s "$report" ] || continue
    cat "$report" >&2
    status=1
done
exit "$status"

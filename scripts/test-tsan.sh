#!/bin/bash
# make test-tsan: runs the tests under Thread Sanitizer, in a build folder of their own. Arguments go to swift test (--filter ...).
#
# EndToEndTests are left out because they test processes and not threads, InvariantKitTests because their subject has no thread. A race
# fails the run even if every test passed; the reports are printed at the end.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/test-run.sh"

build_flags=(--sanitize=thread --scratch-path .build/tsan)
# No report is suppressed. Tests/ThreadSanitizerKit tells the sanitizer about locks that it cannot see by itself. Each process writes its
# reports to a file of its own, so that the reports of a killed process count as well.
export TSAN_OPTIONS="log_path=$run_files/race halt_on_error=0 history_size=5"

status=0
run_tests "${TEST_LIMIT:-60m}" "${TEST_WIDTH:-4}" --skip '^(EndToEndTests|InvariantKitTests)\.' "$@" || status=$?
for report in "$run_files"/race.*; do
    [ -s "$report" ] || continue
    cat "$report" >&2
    status=1
done
exit "$status"

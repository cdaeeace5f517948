#!/bin/bash
# Runs every benchmark of Benchmarks/ one after the other; BENCH=name runs one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

shopt -s nullglob
benchmarks=(Benchmarks/${BENCH:-*}/run.sh)
[ ${#benchmarks[@]} -gt 0 ] || die "no benchmark Benchmarks/${BENCH:-*}/run.sh"
for benchmark in "${benchmarks[@]}"; do
    say "== ${benchmark%/run.sh}"
    "$benchmark"
done

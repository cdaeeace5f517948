#!/bin/bash
# Stops the processes that make up started, and no others: services first, then Kafka, then Postgres. The data stays.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"

[ -d "$data/run" ] || { say "nothing to stop in $data"; exit 0; }
exec 9>"$data/run/lock"
flock -n 9 || die "another make up or make down is at work in $data"

for ((index = ${#services[@]} - 1; index >= 0; index--)); do
    "$scripts/service.sh" stop "${services[index]}"
done
"$scripts/kafka.sh" stop
[ ! -d "$data/postgres" ] || "$scripts/postgres.sh" stop
say "down; the data stays in $data"

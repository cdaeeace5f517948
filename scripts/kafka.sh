#!/bin/bash
# The stack's embedded Kafka: kafka.sh start|stop|address|control COMMAND...
#
# In memory: what was published is gone when it stops. The consumers notice and heal from the event store.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"

address_file="$data/run/$kafka_process.address"

start() {
    if running "$kafka_process" >/dev/null; then return; fi
    rm -f "$address_file"
    "$scripts/service.sh" start "$kafka_process" EMBEDDED_KAFKA_TOPICS=outbox.event.order:64 EMBEDDED_KAFKA_ADDRESS_FILE="$address_file"
    local waited=0
    until [ -s "$address_file" ]; do
        if ! running "$kafka_process" >/dev/null || [ "$waited" -ge 150 ]; then
            tail -n 20 "$data/log/$kafka_process.log" >&2
            die "$kafka_process did not start; its log is $data/log/$kafka_process.log"
        fi
        waited=$((waited + 1))
        sleep 0.1
    done
}

case "${1:-}" in
start) start ;;
stop) "$scripts/service.sh" stop "$kafka_process" ;;
address) contents "$address_file" ;;
*) die "usage: kafka.sh start|stop|address" ;;
esac

#!/bin/bash
# The stack's embedded Kafka: kafka.sh start|stop|address|control COMMAND
#
# The messages are in memory and are lost when the process stops. The consumers notice this and heal from the event store. Failure drills
# use the control socket: kafka.sh control down, ... up, ... latency 200, ... help.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"

address_file="$data/run/$kafka_process.address"
control_port_file="$data/run/$kafka_process.control"

start() {
    if running "$kafka_process" >/dev/null; then return; fi
    local control_port waited=0
    control_port="$(free_port)"
    printf '%s\n' "$control_port" >"$control_port_file"
    rm -f "$address_file"
    "$scripts/service.sh" start "$kafka_process" EMBEDDED_KAFKA_TOPICS=outbox.event.order:64 \
        EMBEDDED_KAFKA_ADDRESS_FILE="$address_file" EMBEDDED_KAFKA_CONTROL="127.0.0.1:$control_port"
    until [ -s "$address_file" ]; do
        if ! running "$kafka_process" >/dev/null || [ "$waited" -ge 150 ]; then
            tail -n 20 "$data/log/$kafka_process.log" >&2
            die "$kafka_process did not start; its log is $data/log/$kafka_process.log"
        fi
        waited=$((waited + 1))
        sleep 0.1
    done
}

control() {
    running "$kafka_process" >/dev/null || die "$kafka_process is not running: make up"
    local answer
    exec 3<>"/dev/tcp/127.0.0.1/$(<"$control_port_file")"
    printf '%s\n' "$*" >&3
    read -r answer <&3
    say "$answer"
    [[ "$answer" == ok* ]]
}

case "${1:-}" in
start) start ;;
stop) "$scripts/service.sh" stop "$kafka_process" ;;
address) contents "$address_file" ;;
control) control "${@:2}" ;;
*) die "usage: kafka.sh start|stop|address|control COMMAND" ;;
esac

#!/bin/bash
# Prints a line per process: its pid and whether the process is healthy. Fails unless all are healthy. --quiet prints nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ "${1:-}" != --quiet ] || exec >/dev/null
unset DATABASE_URL KAFKA_BOOTSTRAP_SERVERS STACK_ADDRESSES
[ ! -f "$data/env" ] || source "$data/env"
all_well=0

line() {
    printf '%-18s %-8s %-10s %s\n' "$@"
    [[ "$3" == healthy || "$3" == given ]] || all_well=1
}

# report NAME ADDRESS [URL]: without a URL a running process counts as healthy.
report() {
    local pid
    if ! pid="$(running "$1")"; then
        line "$1" - down ""
    elif [ -z "${3:-}" ] || healthy "$pid" "$3"; then
        line "$1" "$pid" healthy "$2"
    else
        line "$1" "$pid" unhealthy "$(curl -s --max-time 2 "$3" | head -c 100 || true)"
    fi
}

# owned ADDRESS: whether the stack started this store itself. Otherwise the services' health tells about it.
owned() { [ -z "$1" ] || among "$1" "${STACK_ADDRESSES:-}"; }

if owned "${DATABASE_URL:-}"; then
    report postgres "127.0.0.1:$(contents "$data/run/postgres.port")"
else
    line postgres - given "DATABASE_URL"
fi
if owned "${KAFKA_BOOTSTRAP_SERVERS:-}"; then
    report "$kafka_process" "${KAFKA_BOOTSTRAP_SERVERS:-}"
else
    line kafka - given "$KAFKA_BOOTSTRAP_SERVERS"
fi
report outbox-relay "${ADMIN_URL_RELAY:-}" "${ADMIN_URL_RELAY:-}/readyz"
report orders-projector "${ADMIN_URL_PROJECTOR:-}" "${ADMIN_URL_PROJECTOR:-}/readyz"
report orders-payments "${ADMIN_URL_PAYMENTS:-}" "${ADMIN_URL_PAYMENTS:-}/readyz"
report orders-server "${HTTP_URL:-} ${GRPC_ADDRESS:-}" "${HTTP_URL:-}/readyz"
report outbox-console "${CONSOLE_URL:-}" "${CONSOLE_URL:-}/readyz"
exit "$all_well"

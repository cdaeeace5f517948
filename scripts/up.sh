#!/bin/bash
# Starts the missing processes of the stack, and returns when all processes are healthy.
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"

main() {
    mkdir -p "$data/run" "$data/log"
    exec 9>"$data/run/lock"
    flock -n 9 || die "another make up or make down is at work in $data"
    if "$scripts/status.sh" --quiet; then
        say "already up"
        tell
        return
    fi
    check_ports
    "$scripts/packages.sh" run
    if [ -z "${BIN_DIR:-}" ]; then
        say "building (the first time takes some minutes)"
        "$scripts/build.sh" 9>&-
    fi
    # Checked again, because the build may have taken minutes.
    check_ports
    start_stores
    stop_if_stores_moved
    write_addresses
    source "$data/env"
    say "migrating"
    "$bin/outboxctl" migrate --directory "$root/migrations"
    start_services
    tell
}

# Checked before the long build, so that a taken port is reported at once. A server that runs already keeps its ports.
check_ports() {
    if running orders-server >/dev/null; then
        http_port="$(source "$data/env" && printf '%s' "${HTTP_URL##*:}")"
        grpc_port="$(source "$data/env" && printf '%s' "${GRPC_ADDRESS##*:}")"
        return
    fi
    require_port HTTP_PORT "$http_port"
    require_port GRPC_PORT "$grpc_port"
    [ "$http_port" != "$grpc_port" ] || die "HTTP_PORT and GRPC_PORT are both $http_port; they must differ"
}

start_stores() {
    say "starting postgres"
    "$scripts/postgres.sh" start 9>&-
    say "starting $kafka_process"
    "$scripts/kafka.sh" start 9>&-
}

# admin_port SERVICE: prints the port of /readyz and /metrics: the port of the last start, or another one if that port is taken.
admin_port() {
    local file="$data/run/$1.port" port
    port="$(contents "$file")"
    if ! running "$1" >/dev/null && { [ -z "$port" ] || listening "$port"; }; then
        port="$(free_port)"
        printf '%s\n' "$port" >"$file"
    fi
    printf '%s' "$port"
}

# A store that was started again may have another port; the embedded Kafka always has one. Services that know the old port are stopped.
stop_if_stores_moved() {
    [ -f "$data/env" ] || return 0
    local before service
    before="$(source "$data/env" && printf '%s %s' "$DATABASE_URL" "$KAFKA_BOOTSTRAP_SERVERS")"
    [ "$before" != "$("$scripts/postgres.sh" url) $("$scripts/kafka.sh" address)" ] || return 0
    for service in "${services[@]}"; do "$scripts/service.sh" stop "$service"; done
}

# $data/env is a file for source, for users and for the scripts.
write_addresses() {
    local relay projector payments
    relay="$(admin_port outbox-relay)"
    projector="$(admin_port orders-projector)"
    payments="$(admin_port orders-payments)"
    (umask 077 && cat >"$data/env" <<ADDRESSES
export DATABASE_URL='$("$scripts/postgres.sh" url)'
export KAFKA_BOOTSTRAP_SERVERS='$("$scripts/kafka.sh" address)'
export HTTP_URL='http://127.0.0.1:$http_port'
export GRPC_ADDRESS='127.0.0.1:$grpc_port'
export ADMIN_URL_RELAY='http://127.0.0.1:$relay'
export ADMIN_URL_PROJECTOR='http://127.0.0.1:$projector'
export ADMIN_URL_PAYMENTS='http://127.0.0.1:$payments'
ADDRESSES
    )
}

# In the embedded Kafka a waiting fetch ignores new messages, and a killed group member is noticed only at its session timeout.
consumer=(KAFKA_FETCH_WAIT_MAX_MS=10 KAFKA_SESSION_TIMEOUT_MS=6000)

start_services() {
    say "starting ${services[*]}"
    "$scripts/service.sh" start outbox-relay RELAY_ADMIN_PORT="${ADMIN_URL_RELAY##*:}"
    "$scripts/service.sh" start orders-projector "${consumer[@]}" PROJECTOR_ADMIN_PORT="${ADMIN_URL_PROJECTOR##*:}"
    "$scripts/service.sh" start orders-payments "${consumer[@]}" PAYMENTS_ADMIN_PORT="${ADMIN_URL_PAYMENTS##*:}"
    "$scripts/service.sh" start orders-server HTTP_PORT="$http_port" GRPC_PORT="$grpc_port"
    "$scripts/service.sh" ready orders-server "$HTTP_URL/readyz"
    "$scripts/service.sh" ready outbox-relay "$ADMIN_URL_RELAY/readyz"
    "$scripts/service.sh" ready orders-projector "$ADMIN_URL_PROJECTOR/readyz"
    "$scripts/service.sh" ready orders-payments "$ADMIN_URL_PAYMENTS/readyz"
}

tell() {
    source "$data/env"
    cat <<TEXT

REST      $HTTP_URL
gRPC      $GRPC_ADDRESS
Kafka     $KAFKA_BOOTSTRAP_SERVERS   topic outbox.event.order
Postgres  source ${data#"$PWD/"}/env && psql \$DATABASE_URL

Try:

curl -X POST $HTTP_URL/v1/orders -H 'Content-Type: application/json' \\
  -d '{"customer_id":"ada","vendor_id":"acme","product_id":"lamp","quantity":2,"total_price":39.90,"payment_method":"CREDIT_CARD"}'

and then: make demo, make status, make logs, make down
TEXT
}

main

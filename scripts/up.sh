#!/bin/bash
# Starts the missing processes of the stack, and returns when all processes are healthy.
#
#   DATABASE_URL             uses this Postgres and starts none
#   KAFKA_BOOTSTRAP_SERVERS  uses these brokers and starts no Kafka
set -euo pipefail
scripts="$(dirname "${BASH_SOURCE[0]}")"
source "$scripts/lib.sh"
source "$scripts/stores.sh"

main() {
    make_folders
    exec 9>"$data/run/lock"
    flock -n 9 || die "another make up or make down is at work in $data"
    if same_stores && "$scripts/status.sh" --quiet; then
        say "already up"
        tell
        return
    fi
    check_ports
    require_given_stores
    "$scripts/packages.sh" run
    if [ -z "${BIN_DIR:-}" ]; then
        say "building (about nine minutes the first time on two cores, seconds when nothing changed)"
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
    [ -n "$given_database" ] || "$bin/outboxctl" role --for all --name outbox --apply >/dev/null
    # The embedded Kafka has the topic from its start.
    [ -z "$given_kafka" ] || "$bin/outboxctl" topic outbox.event.order
    start_services
    tell
}

make_folders() {
    local message
    message="$(mkdir -p "$data/run" "$data/log" "$data/reports" 2>&1 && touch "$data/run/lock" 2>&1)" ||
        die "DATA_DIR=$data cannot be written (${message##*: }); choose another folder: make up DATA_DIR=<folder>"
    local free
    free="$(df --output=avail -k "$data" | tail -n 1)"
    [ "$free" -ge "$needed_kilobytes" ] ||
        die "the disk of DATA_DIR=$data has $((free / 1024)) MB left and the stack needs $((needed_kilobytes / 1024)); choose another: make up DATA_DIR=<folder>"
}

# A new Postgres cluster has 40 MB and its first WAL segments; the rest is room for a demonstration.
needed_kilobytes=$((256 * 1024))

# Checked before the long build, so that a taken port is reported at once. A server that runs already keeps its ports.
check_ports() {
    if running orders-server >/dev/null; then
        http_port="$(source "$data/env" && printf '%s' "${HTTP_URL##*:}")"
        grpc_port="$(source "$data/env" && printf '%s' "${GRPC_ADDRESS##*:}")"
    else
        require_port HTTP_PORT "$http_port"
        require_port GRPC_PORT "$grpc_port"
    fi
    if running outbox-console >/dev/null; then
        console_port="$(source "$data/env" && printf '%s' "${CONSOLE_URL##*:}")"
    else
        require_port CONSOLE_PORT "$console_port"
    fi
    [ "$http_port" != "$grpc_port" ] || die "HTTP_PORT and GRPC_PORT are both $http_port; they must differ"
    [[ "$console_port" != "$http_port" && "$console_port" != "$grpc_port" ]] ||
        die "CONSOLE_PORT is $console_port, as HTTP_PORT or GRPC_PORT is; they must differ"
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
    [ "$before" != "$(database_url) $(kafka_address)" ] || return 0
    for service in "${services[@]}"; do "$scripts/service.sh" stop "$service"; done
}

# $data/env is a file for source, for users and for the scripts. STACK_ADDRESSES has the stores that the stack started itself.
write_addresses() {
    local server relay projector payments role owned=""
    [ -n "$given_database" ] || owned+="$(database_url) "
    [ -n "$given_kafka" ] || owned+="$(kafka_address)"
    server="$(admin_port orders-server)"
    relay="$(admin_port outbox-relay)"
    projector="$(admin_port orders-projector)"
    payments="$(admin_port orders-payments)"
    (umask 077 && cat >"$data/env" <<ADDRESSES
export DATABASE_URL=$(quoted "$(database_url)")
export KAFKA_BOOTSTRAP_SERVERS=$(quoted "$(kafka_address)")
export STACK_ADDRESSES=$(quoted "$owned")
export HTTP_URL='http://127.0.0.1:$http_port'
export GRPC_ADDRESS='127.0.0.1:$grpc_port'
export ADMIN_URL_SERVER='http://127.0.0.1:$server'
export ADMIN_URL_RELAY='http://127.0.0.1:$relay'
export ADMIN_URL_PROJECTOR='http://127.0.0.1:$projector'
export ADMIN_URL_PAYMENTS='http://127.0.0.1:$payments'
export CONSOLE_URL='http://127.0.0.1:$console_port'
ADDRESSES
    for role in "${roles[@]}"; do
        printf 'export DATABASE_URL_%s=%s\n' "${role^^}" "$(quoted "$(role_url "$role")")" >>"$data/env"
    done
    )
}

# as ROLE COMMAND...: runs the command with the database's URL of this role.
as() {
    local url="DATABASE_URL_${1^^}"
    DATABASE_URL="${!url}" "${@:2}"
}

start_services() {
    local consumer=() console="reader"
    [ "${CONSOLE_ACTIONS:-true}" != true ] || console="operator"
    # In the embedded Kafka a waiting fetch ignores new messages, and a killed group member is noticed only at its session timeout.
    [ -n "$given_kafka" ] || consumer=(KAFKA_FETCH_WAIT_MAX_MS=10 KAFKA_SESSION_TIMEOUT_MS=6000)
    say "starting ${services[*]}"
    as relay "$scripts/service.sh" start outbox-relay RELAY_ADMIN_PORT="${ADMIN_URL_RELAY##*:}"
    as projector "$scripts/service.sh" start orders-projector "${consumer[@]}" PROJECTOR_ADMIN_PORT="${ADMIN_URL_PROJECTOR##*:}"
    as payments "$scripts/service.sh" start orders-payments "${consumer[@]}" PAYMENTS_ADMIN_PORT="${ADMIN_URL_PAYMENTS##*:}"
    as server "$scripts/service.sh" start orders-server HTTP_PORT="$http_port" GRPC_PORT="$grpc_port" \
        SERVER_ADMIN_PORT="${ADMIN_URL_SERVER##*:}"
    as "$console" "$scripts/service.sh" start outbox-console CONSOLE_PORT="$console_port" CONSOLE_ACTIONS="${CONSOLE_ACTIONS:-true}" \
        CONSOLE_REPORTS="$data/reports" CONSOLE_DRILLS="$root/.build/drills.json" CONSOLE_SERVICES="orders-server=$ADMIN_URL_SERVER,outbox-relay=$ADMIN_URL_RELAY,orders-projector=$ADMIN_URL_PROJECTOR,orders-payments=$ADMIN_URL_PAYMENTS"
    "$scripts/service.sh" ready orders-server "$HTTP_URL/readyz"
    "$scripts/service.sh" ready outbox-relay "$ADMIN_URL_RELAY/readyz"
    "$scripts/service.sh" ready orders-projector "$ADMIN_URL_PROJECTOR/readyz"
    "$scripts/service.sh" ready orders-payments "$ADMIN_URL_PAYMENTS/readyz"
    "$scripts/service.sh" ready outbox-console "$CONSOLE_URL/readyz"
}

tell() {
    source "$data/env"
    cat <<TEXT

REST      $HTTP_URL
gRPC      $GRPC_ADDRESS
Console   $CONSOLE_URL
Kafka     $KAFKA_BOOTSTRAP_SERVERS   topic outbox.event.order
Postgres  source ${data#"$PWD/"}/env && psql \$DATABASE_URL

Try:

curl -X POST $HTTP_URL/v1/orders -H 'Content-Type: application/json' \\
  -d '{"customer_id":"ada","vendor_id":"acme","product_id":"lamp","quantity":2,"total_price":39.90,"payment_method":"CREDIT_CARD"}'

and then: make demo, make status, make logs, make down
TEXT
}

main

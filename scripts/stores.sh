# The two stores of the stack, Postgres and Kafka: those that the stack starts itself, or those that the caller names with DATABASE_URL
# and KAFKA_BOOTSTRAP_SERVERS. Sourced by up.sh.

# given ADDRESS: prints an address that the caller chose, and nothing for one that a shell has from an earlier "source .data/env".
given() {
    among "$1" "${STACK_ADDRESSES:-}" || printf '%s' "$1"
}

database_url() { if [ -n "$given_database" ]; then printf '%s' "$given_database"; else "$scripts/postgres.sh" url; fi; }

# The same as the role of a service. A given Postgres has the roles that its owner made, so there it is DATABASE_URL.
role_url() { if [ -n "$given_database" ]; then printf '%s' "$given_database"; else "$scripts/postgres.sh" url "$1"; fi; }

kafka_address() { if [ -n "$given_kafka" ]; then printf '%s' "$given_kafka"; else "$scripts/kafka.sh" address; fi; }

# Whether the stack that may run already uses the stores that this call asks for.
same_stores() {
    [ -f "$data/env" ] || return 1
    local owned
    owned="$(source "$data/env" && printf '%s' "${STACK_ADDRESSES:-}")"
    asked_is "$given_database" DATABASE_URL "$owned" && asked_is "$given_kafka" KAFKA_BOOTSTRAP_SERVERS "$owned"
}

# asked_is GIVEN VARIABLE OWNED: whether the variable in $data/env is the given address or, without one, an address of the stack's own.
asked_is() {
    local used
    used="$(source "$data/env" && printf '%s' "${!2}")"
    if [ -n "$1" ]; then [ "$used" = "$1" ]; else among "$used" "$3"; fi
}

# Fails in a second instead of after the build. A Postgres is tried by outboxctl migrate.
require_given_stores() {
    [ -n "$given_kafka" ] || return 0
    local server
    for server in ${given_kafka//,/ }; do
        [[ "$server" == *:* ]] || die "KAFKA_BOOTSTRAP_SERVERS: '$server' has no port; write host:port[,host:port...]"
        ! timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "${server%:*}" "${server##*:}" 2>/dev/null || return 0
    done
    die "KAFKA_BOOTSTRAP_SERVERS: no broker accepts connections at $given_kafka; start it, or unset the variable for an embedded Kafka"
}

given_database="$(given "${DATABASE_URL:-}")"
given_kafka="$(given "${KAFKA_BOOTSTRAP_SERVERS:-}")"

start_stores() {
    if [ -n "$given_database" ]; then
        say "using the Postgres of DATABASE_URL"
    else
        say "starting postgres"
        (without_descriptors "$scripts/postgres.sh" start)
    fi
    if [ -n "$given_kafka" ]; then
        say "using the brokers of KAFKA_BOOTSTRAP_SERVERS: $given_kafka"
    else
        say "starting $kafka_process"
        "$scripts/kafka.sh" start
    fi
}

# quoted TEXT: prints the text as one word for a shell.
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

#!/bin/bash
# The stack's private Postgres: postgres.sh start|stop|crash|running|url [ROLE]|psql
#
# The data is in $DATA_DIR/postgres, and fsync is on. The server listens on TCP at 127.0.0.1 only, with a password of its own; it has no
# socket file, because a socket path may have 107 bytes and the checkout may be deeper. Postgres refuses to run as root. For root the
# server runs as the user "postgres"; if the data is below a folder that this user cannot pass (mode 0700), the server keeps the right to
# pass through folders.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cluster="$data/postgres"
password_file="$data/postgres.password"
log="$data/log/postgres.log"

programs() {
    local candidate
    for candidate in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb || true)")"; do
        [ -x "$candidate/initdb" ] && { printf '%s' "$candidate"; return; }
    done
    die "Postgres is not installed (no initdb): apt-get install postgresql-15"
}

# as_owner COMMAND...: runs the command as the user that owns the cluster.
as_owner() {
    if [ "$(id -u)" -ne 0 ]; then
        (cd / && "$@")
        return
    fi
    local drop=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    if ! (cd / && "${drop[@]}" test -x "$data" 2>/dev/null); then
        drop+=(--inh-caps=+dac_override --ambient-caps=+dac_override)
    fi
    (cd / && "${drop[@]}" "$@")
}

own() { [ "$(id -u)" -ne 0 ] || chown postgres:postgres "$@"; }

initialise() {
    mkdir -p "$cluster"
    chmod 700 "$cluster"
    (umask 077 && head -c 24 /dev/urandom | od -An -vtx1 | tr -d ' \n' >"$password_file")
    local password
    password="$(mktemp)"
    cp "$password_file" "$password"
    own "$cluster" "$password"
    if ! as_owner "$bindir/initdb" -D "$cluster" -U postgres --pwfile="$password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 >"$log" 2>&1; then
        rm -f "$password"
        cat "$log" >&2
        die "initdb failed"
    fi
    rm -f "$password"
}

start() {
    mkdir -p "$data/run" "$data/log"
    local port
    if as_owner "$bindir/pg_ctl" status -D "$cluster" >/dev/null 2>&1; then
        # Started by an earlier release, it may lack roles.
        create_roles
        return
    fi
    [ -s "$cluster/PG_VERSION" ] || initialise
    touch "$log"
    own "$log"
    # The port of the last start, so that noted addresses stay valid; another port if that one is taken.
    port="$(contents "$data/run/postgres.port")"
    if [ -z "$port" ] || listening "$port"; then port="$(free_port)"; fi
    if ! as_owner "$bindir/pg_ctl" start -w -t 120 -s -D "$cluster" -l "$log" \
        -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=on -c max_connections=200 -c track_commit_timestamp=on" </dev/null >/dev/null; then
        tail -n 20 "$log" >&2
        die "Postgres did not start; its log is $log"
    fi
    printf '%s\n' "$port" >"$data/run/postgres.port"
    remember postgres "$(head -n 1 "$cluster/postmaster.pid")"
    create_database
    create_roles
}

# The role "outbox" owns the database of that name and nothing else. It migrates; services have roles of their own.
create_database() {
    [ -z "$(psql_as postgres postgres -qtAX -c "SELECT 1 FROM pg_database WHERE datname = 'outbox'")" ] || return 0
    psql_as postgres postgres -qX -v ON_ERROR_STOP=1 <<<"
        SELECT 'CREATE ROLE outbox LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'outbox') \\gexec
        ALTER ROLE outbox PASSWORD '$(<"$password_file")';
        CREATE DATABASE outbox OWNER outbox;"
}

# Each service logs in as a role of its own, with a password of its own. What they may do is granted by outboxctl role; only a superuser
# can make them, and let operators see what sessions of other roles do.
create_roles() {
    local role
    (umask 077 && mkdir -p "$data/passwords")
    for role in "${roles[@]}"; do
        [ -s "$data/passwords/outbox_$role" ] ||
            (umask 077 && head -c 24 /dev/urandom | od -An -vtx1 | tr -d ' \n' >"$data/passwords/outbox_$role")
        printf '%s\n' "
            SELECT 'CREATE ROLE outbox_$role LOGIN' WHERE to_regrole('outbox_$role') IS NULL \\gexec
            ALTER ROLE outbox_$role PASSWORD '$(<"$data/passwords/outbox_$role")';"
    done | psql_as postgres postgres -qX -v ON_ERROR_STOP=1
    psql_as postgres postgres -qX -v ON_ERROR_STOP=1 <<<"GRANT pg_read_all_stats TO outbox_reader, outbox_operator"
}

# url [ROLE]: prints the URL of the database, for its owner or for the role of a service.
url() {
    local name="outbox" file="$password_file"
    [ -z "${1:-}" ] || { name="outbox_$1" && file="$data/passwords/outbox_$1"; }
    printf 'postgresql://%s:%s@127.0.0.1:%s/outbox\n' "$name" "$(<"$file")" "$(<"$data/run/postgres.port")"
}

# psql_as ROLE DATABASE ARGUMENT...
psql_as() {
    PGPASSWORD="$(<"$password_file")" "$bindir/psql" -h 127.0.0.1 -p "$(<"$data/run/postgres.port")" -U "$1" -d "$2" "${@:3}"
}

stop() {
    if as_owner "$bindir/pg_ctl" status -D "$cluster" >/dev/null 2>&1; then
        as_owner "$bindir/pg_ctl" stop -D "$cluster" -m "$1" -w -t 60 -s
    fi
    forget postgres
}

bindir="$(programs)"
case "${1:-}" in
start) start ;;
stop) stop fast ;;
crash) stop immediate ;;
running) running postgres >/dev/null ;;
url) url "${2:-}" ;;
psql) psql_as outbox outbox "${@:2}" ;;
*) die "usage: postgres.sh start|stop|crash|running|url [ROLE]|psql" ;;
esac

# Functions and paths for the scripts of the embedded stack: messages, pid files, ports, health. Sourced, not run.
#
#   DATA_DIR    everything the stack writes (default: .data)
#   HTTP_PORT   REST of orders-server (default: 8080)
#   GRPC_PORT   gRPC of orders-server (default: 8081)
#   CONSOLE_PORT  the console, on loopback (default: 8088)
#   BIN_DIR     the built executables (default: .build/release)

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
data="$(realpath -ms -- "${DATA_DIR:-$root/.data}")"
[[ "${DATA_DIR:-.data}" == /* ]] || data="$root/${DATA_DIR:-.data}"
bin="${BIN_DIR:-$root/.build/release}"
http_port="${HTTP_PORT:-8080}"
grpc_port="${GRPC_PORT:-8081}"
console_port="${CONSOLE_PORT:-8088}"

# In the order of their start; they stop in the reverse order.
kafka_process="embedded-kafka"
services=(outbox-relay orders-projector orders-payments orders-server outbox-console)
# The database's roles, each outbox_NAME: of the services, and of the console that only shows or also acts.
roles=(server projector payments relay reader operator)

say() { printf "%s\n" "$@"; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# among ADDRESS LIST: whether the list of addresses, separated by spaces, has this one.
among() { [[ " $2 " == *" $1 "* ]]; }

# contents FILE: prints the file; prints nothing when there is no such file.
contents() { cat -- "$1" 2>/dev/null || true; }

# without_descriptors COMMAND...: becomes the command, with standard input, output and errors open and nothing else; for ( ) and for &.
# A process that stays would otherwise keep open what its starter had open: the lock of up.sh, or the pipe on which a caller waits for
# the end of make up.
without_descriptors() {
    local descriptor
    for descriptor in "/proc/$BASHPID/fd/"*; do
        descriptor="${descriptor##*/}"
        [ "$descriptor" -le 2 ] || eval "exec $descriptor>&-"
    done
    exec "$@"
}

# start_time PID: prints when the process started, in clock ticks since boot; prints nothing for a zombie or a process that has ended.
# The kernel uses pids again, but never with the same start time: pid and start time together identify a process.
start_time() {
    local stat fields
    stat="$(contents "/proc/$1/stat")"
    [ -n "$stat" ] || return 0
    read -ra fields <<<"${stat##*) }"
    [ "${fields[0]}" = Z ] || printf '%s' "${fields[19]}"
}

# remember NAME PID: writes the pid file, and the start time beside it.
remember() {
    printf '%s\n' "$2" >"$data/run/$1.pid"
    start_time "$2" >"$data/run/$1.started"
}

forget() { rm -f "$data/run/$1.pid" "$data/run/$1.started"; }

# running NAME: prints the pid if the process that was started under this name still runs; fails otherwise.
running() {
    local pid started
    pid="$(contents "$data/run/$1.pid")"
    started="$(contents "$data/run/$1.started")"
    [ -n "$pid" ] && [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] || return 1
    printf '%s' "$pid"
}

# listening PORT: whether a process on this machine listens on the TCP port. Reads the table of the kernel and needs no other program.
listening() {
    local hex
    hex="$(printf ':%04X' "$1")"
    awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# serves PID URL: whether this process listens on the port of the URL. A process of another stack does not count.
serves() {
    local port="${2#*://*:}" hex socket
    hex="$(printf ':%04X' "${port%%/*}")"
    for socket in $(awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print "socket:[" $10 "]" }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null); do
        [ -z "$(find "/proc/$1/fd" -lname "${socket//[/\\[}" 2>/dev/null)" ] || return 0
    done
    return 1
}

# healthy PID URL: whether this process, and no other, answers with 2xx.
healthy() {
    serves "$1" "$2" && curl -fsS -o /dev/null --max-time 2 "$2" 2>/dev/null
}

# free_port: prints a free port between 20000 and 32000, below the range that the kernel uses for outgoing connections.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        listening "$port" || break
    done
    printf '%s' "$port"
}

# require_port VARIABLE PORT: fails with a clear error if the value is not a port, or if another process listens there.
require_port() {
    [[ "$2" =~ ^[0-9]+$ ]] && [ "$2" -ge 1 ] && [ "$2" -le 65535 ] || die "$1=$2 is not a TCP port (1 to 65535)"
    ! listening "$2" || die "port $2 is taken by another program; choose a free one: make up $1=<port>"
}

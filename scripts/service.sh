#!/bin/bash
# One process of the stack: service.sh start NAME [VARIABLE=VALUE...] | stop NAME | ready NAME URL
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_seconds=60
stop_seconds=30

# The process gets a session of its own, so that Ctrl-C in the terminal does not reach it.
start() {
    local name="$1"
    shift
    running "$name" >/dev/null && return
    [ -x "$bin/$name" ] || die "$bin/$name is not built: make build"
    without_descriptors env "$@" setsid "$bin/$name" >>"$data/log/$name.log" 2>&1 </dev/null &
    remember "$name" "$!"
}

stop() {
    local name="$1" pid waited=0
    if pid="$(running "$name")"; then
        kill -TERM "$pid" 2>/dev/null || true
        while running "$name" >/dev/null; do
            if [ "$waited" -ge $((stop_seconds * 10)) ]; then
                say "$name did not stop within $stop_seconds s; killing it"
                kill -KILL "$pid" 2>/dev/null || true
            fi
            waited=$((waited + 1))
            sleep 0.1
        done
    fi
    forget "$name"
}

# Waits until the process answers with 2xx at the URL; fails when the process ends or is not healthy in time.
ready() {
    local name="$1" url="$2" waited=0 pid
    until pid="$(running "$name")" && healthy "$pid" "$url"; do
        if [ -z "$pid" ]; then
            tail -n 20 "$data/log/$name.log" >&2
            forget "$name"
            die "$name ended while starting; its log is $data/log/$name.log"
        fi
        if [ "$waited" -ge $((start_seconds * 5)) ]; then
            tail -n 20 "$data/log/$name.log" >&2
            die "$name is not healthy after $start_seconds s ($url: $(curl -s --max-time 2 "$url" || true)); its log is $data/log/$name.log"
        fi
        waited=$((waited + 1))
        sleep 0.2
    done
}

case "${1:-}" in
start | stop | ready) "$@" ;;
*) die "usage: service.sh start NAME [VARIABLE=VALUE...] | stop NAME | ready NAME URL" ;;
esac

/// The shell script that owns one private Postgres server.
///
/// It obeys lines on standard input and cleans up at end of file. The kernel closes that pipe however the test process
/// ends, a crash included, so no server and no data directory outlives its tests.
enum TestPostgresScript {
    /// `TEST_POSTGRES_BIN` names the folder of the programs; by default the newest of Debian's is taken.
    ///
    /// Arguments: data directory (made here, removed at the end), port. Answers each command with `ready`, `stopped`,
    /// `frozen` or `thawed`.
    static let text = #"""
        set -u
        dir=$1 port=$2
        bin=${TEST_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
        [ -n "$bin" ] || bin=$(dirname "$(command -v postgres || echo /postgres)")
        as=()
        if [ "$(id -u)" = 0 ]; then
            # Postgres refuses to run as root.
            as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
            chown postgres "$dir"
        fi
        cd "$dir" || exit 1
        # Some builds come without the extensions.
        preload=
        [ ! -e "$("$bin/pg_config" --pkglibdir 2>/dev/null)/pg_stat_statements.so" ] || preload=pg_stat_statements
        start() {
            "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -s start -o "-p $port -h 127.0.0.1 -c unix_socket_directories= \
                -c fsync=off -c full_page_writes=off -c max_connections=300 -c max_prepared_transactions=32 -c shared_buffers=64MB \
                -c shared_preload_libraries=$preload -c max_wal_size=256MB -c autovacuum_naptime=5s -c log_min_messages=fatal" >/dev/null 2>&1 \
                && echo ready || { echo failed; tail -n 20 "$dir/log" >&2; }
        }
        stop() { "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m "$1" -w -t 60 -s stop >/dev/null 2>&1; }
        # All its processes, the postmaster first, so that no child is born that runs.
        signal() {
            local pid
            pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) || return 0
            kill "-$1" "$pid" && kill "-$1" $(cat "/proc/$pid/task/$pid/children") 2>/dev/null
        }
        trap '' INT TERM
        if ! "${as[@]}" "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$dir/initdb.log" 2>&1; then
            cat "$dir/initdb.log" >&2
            echo failed
        else
            start
            while read -r command; do
                case $command in
                    start) start ;;
                    freeze) signal STOP; echo frozen ;;
                    thaw) signal CONT; echo thawed ;;
                    *) stop "$command"; echo stopped ;;
                esac
            done
            signal CONT
            stop immediate
        fi
        cd / && rm -rf "$dir"
        """#
}

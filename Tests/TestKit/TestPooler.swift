import Foundation

/// A private pgbouncer before a Postgres. It ends with the test process.
public final class TestPooler: Sendable {
    /// The moment at which a client gives its server connection back.
    public enum Mode: String, Sendable {
        /// At the end of each transaction.
        case transaction
        /// When the client disconnects.
        case session
    }

    private let port: Int
    private let helper: HelperProcess

    /// Starts it in front of a server.
    ///
    /// - Parameter url: of a database of the server.
    /// - Returns: the pooler, which runs until its last reference is released, and the database's URL through it.
    public static func start(_ mode: Mode, before url: String) async throws -> (pooler: TestPooler, url: String) {
        guard let upstream = URLComponents(string: url), let port = upstream.port else {
            throw TestFailure("\(url) has no port")
        }
        let pooler = try await onThread { try TestPooler(mode, upstream: port) }
        return (pooler, url.replacing(":\(port)/", with: ":\(pooler.port)/"))
    }

    private init(_ mode: Mode, upstream: Int) throws {
        port = try FreePort.next()
        let directory = try temporaryDirectory("outbox-pooler")
        helper = try HelperProcess(
            "/bin/bash",
            ["-c", Self.script, "test-pooler", directory, "\(port)", "\(upstream)", mode.rawValue])
        let text = try helper.line()
        guard text == "ready" else { throw TestFailure("pgbouncer did not start: \(text)") }
    }

    /// Two server connections for all clients, so that state kept in a session meets the state of other clients. Ends
    /// when its input closes.
    private static let script = #"""
        dir=$1 port=$2 upstream=$3 mode=$4
        size=2
        [ "$mode" = session ] && size=50
        printf '%s\n' '[databases]' "* = host=127.0.0.1 port=$upstream" '[pgbouncer]' 'listen_addr = 127.0.0.1' \
            "listen_port = $port" 'unix_socket_dir =' 'auth_type = trust' "auth_file = $dir/users" \
            "pool_mode = $mode" "default_pool_size = $size" \
            'max_client_conn = 200' "logfile = $dir/log" >"$dir/pgbouncer.ini"
        printf '"%s" ""\n' postgres outbox_{server,projector,payments,relay,reader,operator} >"$dir/users"
        as=()
        if [ "$(id -u)" = 0 ]; then
            # pgbouncer refuses to run as root.
            as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
            chown -R postgres "$dir"
        fi
        trap '' INT TERM
        PATH=$PATH:/usr/sbin "${as[@]}" pgbouncer -q "$dir/pgbouncer.ini" </dev/null >"$dir/out" 2>&1 &
        child=$!
        while ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
            kill -0 "$child" 2>/dev/null || {
                tail -n 3 "$dir/out" "$dir/log" 2>/dev/null | tr '\n' ' '
                echo
                cd / && rm -rf "$dir"
                exit 1
            }
            read -r -t 0.05 _
        done
        echo ready
        read -r _
        kill -KILL "$child"
        cd / && rm -rf "$dir"
        """#
}

import Foundation

/// A private pgbouncer before a Postgres, gone when the test process is gone.
public final class TestPooler: Sendable {
    public enum Mode: String, Sendable { case transaction, session }

    private let port: Int
    private let process: Process
    private let input: FileHandle

    public static func start(_ mode: Mode, before url: String) async throws -> (pooler: TestPooler, url: String) {
        guard let upstream = URLComponents(string: url), let port = upstream.port else {
            throw TestFailure("\(url) has no port")
        }
        let pooler = try await onThread { try TestPooler(mode, upstream: port) }
        return (pooler, url.replacing(":\(port)/", with: ":\(pooler.port)/"))
    }

    private init(_ mode: Mode, upstream: Int) throws {
        let pattern = FileManager.default.temporaryDirectory.appending(path: "outbox-pooler-XXXXXX").path
        var template = pattern.utf8CString.map { $0 }
        guard let made = mkdtemp(&template) else { throw TestFailure("mkdtemp failed: errno \(errno)") }
        port = try FreePort.next()
        let (input, output) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [
            "-c", Self.script, "test-pooler", String(cString: made), "\(port)", "\(upstream)", mode.rawValue,
        ]
        process.standardInput = input
        process.standardOutput = output
        self.input = input.fileHandleForWriting
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        let text = String(decoding: line, as: UTF8.self)
        guard text == "ready" else { throw TestFailure("pgbouncer did not start: \(text)") }
    }

    deinit { try? input.close() }

    /// Two server connections for all clients: whatever is kept in a session meets somebody else's. Ends when its input
    /// closes.
    private static let script = #"""
        dir=$1 port=$2 upstream=$3 mode=$4
        size=2
        [ "$mode" = session ] && size=50
        printf '%s\n' '[databases]' "* = host=127.0.0.1 port=$upstream" '[pgbouncer]' 'listen_addr = 127.0.0.1' "listen_port = $port" \
            'unix_socket_dir =' 'auth_type = trust' "auth_file = $dir/users" "pool_mode = $mode" "default_pool_size = $size" \
            'max_client_conn = 200' "logfile = $dir/log" >"$dir/pgbouncer.ini"
        printf '"postgres" ""\n' >"$dir/users"
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
            kill -0 "$child" 2>/dev/null || { tail -n 3 "$dir/out" "$dir/log" 2>/dev/null | tr '\n' ' '; echo; cd / && rm -rf "$dir"; exit 1; }
            read -r -t 0.05 _
        done
        echo ready
        read -r _
        kill -KILL "$child"
        cd / && rm -rf "$dir"
        """#
}

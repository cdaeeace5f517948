import CLibPQ
import Glibc

/// One host of a URL.
struct PostgresHost: Hashable {
    /// A name, an address or the directory of a socket.
    var name: String
    /// nil where one port, or none, is given for all hosts.
    var port: String?
}

/// The parts of a connection URL that decide in which order and for how long hosts are tried.
struct PostgresAddress {
    /// To be tried one after the other; empty when libpq should choose by itself: with one host only, with addresses in
    /// `hostaddr`, or where `target_session_attrs` compares the hosts with each other.
    private(set) var hosts: [PostgresHost] = []
    /// `connect_timeout` of the URL or `PGCONNECT_TIMEOUT`; nil if neither is set.
    private(set) var connectTimeout: Duration?

    /// Reads the URL, and the `PG*` variables for what it leaves out.
    init(_ url: String) {
        guard let options = PostgresURL.parse(url) else { return }
        let value = { options[$0] ?? getenv($1).map { String(cString: $0) } }
        if let seconds = value("connect_timeout", "PGCONNECT_TIMEOUT").flatMap({ Int($0) }), seconds > 0 {
            connectTimeout = .seconds(seconds)
        }
        guard options["hostaddr"] == nil, getenv("PGHOSTADDR") == nil,
            value("target_session_attrs", "PGTARGETSESSIONATTRS") != "prefer-standby"
        else { return }
        let names = Self.list(value("host", "PGHOST"))
        let ports = Self.list(value("port", "PGPORT"))
        guard names.count > 1, !names.contains(""), ports.count <= 1 || ports.count == names.count else { return }
        hosts = names.enumerated().map { index, name in
            guard ports.count > 1 else { return PostgresHost(name: name, port: nil) }
            return PostgresHost(name: name, port: ports[index].isEmpty ? Self.defaultPort : ports[index])
        }
    }

    /// Of a host whose place in a list of ports is empty.
    private static let defaultPort = "5432"

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }
}

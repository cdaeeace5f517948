/// A connection URL in its parts.
struct DatabaseAddress {
    /// `postgresql://user:password@`
    private let beginning: String
    /// `host:port,…`
    var hosts: String
    private let options: String

    /// - Throws: ``DrillError`` if it is no URL with a host.
    init(_ url: String) throws {
        guard let match = url.wholeMatch(of: /(postgres(?:ql)?:\/\/(?:[^@\/]*@)?)([^\/?]+)(?:\/[^?]*)?(\?.*)?/) else {
            throw DrillError("--database: give a URL such as postgresql://user:password@host:5432/database")
        }
        beginning = String(match.1)
        hosts = match.2.split(separator: ",").map { $0.contains(":") ? String($0) : "\($0):5432" }
            .joined(separator: ",")
        options = match.3.map { String($0) } ?? ""
    }

    /// - Parameter role: without a password, in place of the URL's own.
    func url(_ database: String, as role: String? = nil) -> String {
        "\(role.map { "postgresql://\($0)@" } ?? beginning)\(hosts)/\(database)\(options)"
    }
}

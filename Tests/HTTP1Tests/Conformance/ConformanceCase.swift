import Testing

/// One request of the conformance table, and the response that the RFC demands.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    enum Connection: Sendable {
        /// The connection serves another request.
        case open
        /// The server closes after the response.
        case closed
    }

    /// The section, of RFC 9112 unless it says otherwise.
    let section: String
    let name: String
    let request: String
    let status: Int
    let connection: Connection
    /// The expected body; nil for any.
    let body: String?

    init(
        _ section: String, _ name: String, _ request: String, _ status: Int, _ connection: Connection? = nil,
        body: String? = nil
    ) {
        self.section = section
        self.name = name
        self.request = request
        self.status = status
        self.connection = connection ?? (status < 300 ? .open : .closed)
        self.body = body
    }

    var testDescription: String { "§\(section) \(name)" }

    /// A GET with these header lines after `Host`.
    static func get(_ lines: String...) -> String {
        "GET / HTTP/1.1\r\nHost: x\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// A POST with these header lines after `Host`, and a body.
    static func post(_ lines: String..., body: String) -> String {
        "POST / HTTP/1.1\r\nHost: x\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    /// A POST with a chunked body.
    static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body: body) }
}

import HTTPTypes

/// An HTTP request, the same for HTTP/1.1 and HTTP/2.
struct RESTRequest: Sendable {
    let method: HTTPRequest.Method
    /// The path with its query, as the client sent it.
    let target: String
    let headers: HTTPFields
    /// Reads the body; throws 413 if it has more than the given number of bytes.
    let body: @Sendable (_ maximumBytes: Int) async throws -> [UInt8]

    /// The path without the query, still percent-encoded.
    var path: Substring { originForm.prefix { $0 != "?" } }

    /// The part after the question mark, still percent-encoded; empty without one.
    var query: Substring {
        let target = originForm
        return target.firstIndex(of: "?").map { target[target.index(after: $0)...] } ?? ""
    }

    /// The target without scheme and host. A client may send both, as to a proxy (RFC 9112 §3.2.2).
    private var originForm: Substring {
        if target.utf8.first == UInt8(ascii: "/") { return target[...] }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            return target.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
        }
        return target[...]
    }

    /// REST has no header for a deadline; a client that stops waiting closes the connection.
    var call: CallContext {
        CallContext(traceparent: headers[.traceparent])
    }
}

/// An HTTP response, the same for HTTP/1.1 and HTTP/2.
struct RESTResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Sent in pieces until the function returns. `send` throws when the client has closed the stream.
        case stream(@Sendable (_ send: @escaping Send) async throws -> Void)
    }

    /// Sends a piece of a streamed body, and returns when there is room for the next one.
    typealias Send = @Sendable ([UInt8]) async throws -> Void

    var status: Int
    var headers: HTTPFields
    var body: Body

    init(status: Int = 200, headers: HTTPFields = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON object.
    static func json(status: Int = 200, headers: HTTPFields = [:], _ write: (inout JSONWriter) -> Void) -> RESTResponse
    {
        var writer = JSONWriter()
        writer.object(write)
        return typed("application/json", status: status, headers: headers, writer.bytes)
    }

    /// One line of plain text.
    static func text(status: Int = 200, _ text: String) -> RESTResponse {
        typed("text/plain; charset=utf-8", status: status, Array((text + "\n").utf8))
    }

    /// A body of the given content type, with its length.
    static func typed(
        _ contentType: String, status: Int = 200, headers: HTTPFields = [:], _ bytes: [UInt8]
    ) -> RESTResponse {
        var headers = headers
        headers[.contentType] = contentType
        headers[.contentLength] = String(bytes.count)
        return RESTResponse(status: status, headers: headers, body: .bytes(bytes))
    }
}

import HTTP2

/// The methods of HTTP that the API answers.
enum RESTMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case options = "OPTIONS"
}

/// An HTTP request, the same for HTTP/1.1 and HTTP/2.
struct RESTRequest: Sendable {
    /// Nil for a method that no path answers.
    let method: RESTMethod?
    /// The path without the query, still percent-encoded.
    let path: Substring
    /// The part after the question mark, still percent-encoded; empty without one.
    let query: Substring
    let targetBytes: Int
    let headers: HTTP2Headers
    let body: [UInt8]

    /// - Parameter target: the path with its query, as the client sent it.
    init(method: String, target: String, headers: HTTP2Headers, body: [UInt8]) {
        self.method = RESTMethod(rawValue: method)
        self.headers = headers
        self.body = body
        targetBytes = target.utf8.count
        let utf8 = target.utf8
        if let mark = utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = target[..<mark]
            query = target[utf8.index(after: mark)...]
        } else {
            path = target[...]
            query = ""
        }
    }

    /// REST has no header for a deadline; a client that stops waiting closes the connection.
    var call: CallContext {
        CallContext(traceparent: headers.first("traceparent"))
    }
}

/// An HTTP response, the same for HTTP/1.1 and HTTP/2. The transports add the length of the body, and leave the body
/// out where the method is HEAD.
struct RESTResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Sent in pieces until the function returns. `send` throws when the client has closed the stream.
        case stream(@Sendable (_ send: @escaping Send) async throws -> Void)
    }

    /// Sends a piece of a streamed body, and returns when there is room for the next one.
    typealias Send = @Sendable ([UInt8]) async throws -> Void

    var status: Int
    var headers: ResponseFields
    var body: Body

    init(status: Int = 200, headers: ResponseFields = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON object.
    ///
    /// - Parameter capacity: the expected number of bytes.
    static func json(
        status: Int = 200, headers: ResponseFields = [:], capacity: Int = 512, _ write: (inout JSONWriter) -> Void
    ) -> RESTResponse {
        var writer = JSONWriter(capacity: capacity)
        writer.object(write)
        return typed("application/json", status: status, headers: headers, writer.bytes)
    }

    /// One line of plain text.
    static func text(status: Int = 200, _ text: String) -> RESTResponse {
        typed("text/plain; charset=utf-8", status: status, Array((text + "\n").utf8))
    }

    /// A body of the given content type.
    static func typed(
        _ contentType: String, status: Int = 200, headers: ResponseFields = [:], _ bytes: [UInt8]
    ) -> RESTResponse {
        var headers = headers
        headers[.contentType] = contentType
        return RESTResponse(status: status, headers: headers, body: .bytes(bytes))
    }
}

import HTTPTypes

/// One HTTP response, whatever connection it goes out on.
struct RESTResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Sent piece by piece until the function returns; it throws when the client has left.
        case stream(@Sendable (_ send: @escaping Send) async throws -> Void)
    }

    /// Sends a piece of a streamed body; returns when there is room for the next one.
    typealias Send = @Sendable ([UInt8]) async throws -> Void

    var status: Int
    var headers: HTTPFields
    var body: Body

    init(status: Int = 200, headers: HTTPFields = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static func json(status: Int = 200, headers: HTTPFields = [:], _ write: (inout JSONWriter) -> Void) -> RESTResponse
    {
        var writer = JSONWriter()
        writer.object(write)
        return typed("application/json", status: status, headers: headers, writer.bytes)
    }

    static func text(status: Int = 200, _ text: String) -> RESTResponse {
        typed("text/plain; charset=utf-8", status: status, Array((text + "\n").utf8))
    }

    static func typed(
        _ contentType: String, status: Int = 200, headers: HTTPFields = [:], _ bytes: [UInt8]
    ) -> RESTResponse {
        var headers = headers
        headers[.contentType] = contentType
        headers[.contentLength] = String(bytes.count)
        return RESTResponse(status: status, headers: headers, body: .bytes(bytes))
    }
}

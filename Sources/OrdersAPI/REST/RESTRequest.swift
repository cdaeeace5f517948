import HTTPTypes

/// One HTTP request, whatever connection it came in on.
struct RESTRequest: Sendable {
    let method: HTTPRequest.Method
    /// The path with its query, as it came.
    let target: String
    let headers: HTTPFields
    /// Reads the body; throws 413 when it has more than the given number of bytes.
    let body: @Sendable (_ maximumBytes: Int) async throws -> [UInt8]

    /// The path without the query, still percent-encoded.
    var path: Substring { target.prefix { $0 != "?" } }

    /// What follows the question mark, still percent-encoded; empty without one.
    var query: Substring {
        target.firstIndex(of: "?").map { target[target.index(after: $0)...] } ?? ""
    }
}

extension RESTRequest {
    /// REST has no deadline of its own: who stops waiting closes the connection.
    var call: CallContext {
        CallContext(traceparent: headers[.traceparent])
    }
}

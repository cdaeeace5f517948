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
    var path: Substring { originForm.prefix { $0 != "?" } }

    /// What follows the question mark, still percent-encoded; empty without one.
    var query: Substring {
        let target = originForm
        return target.firstIndex(of: "?").map { target[target.index(after: $0)...] } ?? ""
    }

    /// The target without scheme and host, which a client may send as if we were its proxy (RFC 9112 §3.2.2).
    private var originForm: Substring {
        if target.utf8.first == UInt8(ascii: "/") { return target[...] }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            return target.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
        }
        return target[...]
    }
}

extension RESTRequest {
    /// REST has no deadline of its own: who stops waiting closes the connection.
    var call: CallContext {
        CallContext(traceparent: headers[.traceparent])
    }
}

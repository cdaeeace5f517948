import HTTP2

/// The CORS protocol of the Fetch standard: which web pages of other origins may use the API. By default none.
struct CORS: Sendable {
    /// Origins such as `https://shop.example`; `*` stands for every origin.
    let allowedOrigins: Set<String>

    private static let allowedHeaders = "content-type, idempotency-key, if-match, last-event-id, traceparent"
    private static let exposedHeaders = "etag, idempotency-replayed, retry-after"
    /// How long a browser may remember the answer to a preflight.
    private static let preflightSeconds = 600

    init(allowedOrigins: some Sequence<String> = []) {
        self.allowedOrigins = Set(allowedOrigins)
    }

    /// The response to a preflight request of an allowed origin; nil for other requests.
    func preflight(_ request: RESTRequest, methods: [RESTMethod]) -> RESTResponse? {
        guard request.method == .options, request.headers.first("access-control-request-method") != nil, allows(request)
        else {
            return nil
        }
        var headers: ResponseFields = [:]
        headers[.accessControlAllowMethods] = methods.map(\.rawValue).joined(separator: ", ")
        headers[.accessControlAllowHeaders] = Self.allowedHeaders
        headers[.accessControlMaxAge] = String(Self.preflightSeconds)
        return RESTResponse(status: 204, headers: headers, body: .bytes([]))
    }

    /// Adds the headers that let the page read the response, if its origin is allowed.
    func decorate(_ response: inout RESTResponse, for request: RESTRequest) {
        guard !allowedOrigins.isEmpty else { return }
        response.headers.append(.vary, "Origin")
        guard allows(request), let origin = request.headers.first("origin") else { return }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = Self.exposedHeaders
    }

    private func allows(_ request: RESTRequest) -> Bool {
        guard let origin = request.headers.first("origin") else { return false }
        return allowedOrigins.contains(origin) || allowedOrigins.contains("*")
    }
}

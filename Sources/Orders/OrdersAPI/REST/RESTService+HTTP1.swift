import HTTP1
import HTTP2

/// REST over HTTP/1.1.
extension RESTService: HTTP1Application {
    nonisolated(nonsending) func respond(to request: HTTP1Request) async -> HTTP1Response {
        HTTP1Response(
            await respond(
                to: RESTRequest(
                    method: request.method, target: request.target, headers: request.headers, body: request.body)))
    }

    /// The response to a request that cannot be read or exceeds a bound, in the JSON of every other error.
    func refuse(_ refusal: HTTP1Refusal) -> HTTP1Response { HTTP1Response(refuse(APIError(refusal))) }
}

extension APIError {
    fileprivate init(_ refusal: HTTP1Refusal) {
        switch refusal.status {
        case 408:
            self.init(.deadlineExceeded, reason: "REQUEST_TIMEOUT", "\(refusal.part): \(refusal.problem)")
        case 501, 505:
            self.init(.unimplemented, reason: "NOT_SUPPORTED", "\(refusal.part): \(refusal.problem)")
        default: self = .invalid(refusal.part, refusal.problem)
        }
        httpStatusOverride = refusal.status
    }
}

extension HTTP1Response {
    fileprivate init(_ response: RESTResponse) {
        switch response.body {
        case .bytes(let bytes):
            self.init(status: response.status, fields: response.headers.all, body: .bytes(bytes))
        case .stream(let produce):
            self.init(
                status: response.status, fields: response.headers.all,
                body: .stream { writer in try await produce { try await writer.write($0) } })
        }
    }
}

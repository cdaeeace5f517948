import HTTP2

extension HTTP2RequestApplication {
    /// REST over HTTP/2, on the connections of the gRPC port.
    init(_ service: RESTService) {
        self.init(refusal: { HTTP2Response(service.refuse($0)) }) { request in
            HTTP2Response(await service.respond(to: RESTRequest(request)))
        }
    }
}

extension RESTService {
    /// The response to a request that the connection refused, in the JSON of every other error.
    fileprivate func refuse(_ reason: HTTP2Refusal) -> RESTResponse {
        let error: APIError
        switch reason {
        case .tooSlow:
            error = APIError(.deadlineExceeded, reason: "REQUEST_TIMEOUT", "body: was not complete in time")
                .withHTTPStatus(408)
        case .bodyTooLarge: error = .bodyTooLarge(RESTLimits.maximumBodyBytes)
        case .headersTooLarge:
            error = .headersTooLarge(bytes: Int(HTTP2Limits().headerListBytes))
        case .notImplemented:
            error = APIError(.unimplemented, reason: "METHOD_NOT_ALLOWED", "method: must have a path").withHTTPStatus(
                501)
        }
        return refuse(error)
    }
}

extension RESTRequest {
    fileprivate init(_ request: HTTP2Request) {
        self.init(method: request.method, target: request.path, headers: request.headers, body: request.body)
    }
}

extension HTTP2Response {
    fileprivate init(_ response: RESTResponse) {
        let fields =
            response.headers.all + [(name: "date", value: HTTPDate.now)]
        switch response.body {
        case .bytes(let bytes):
            self.init(status: response.status, fields: fields, body: .bytes(bytes))
        case .stream(let produce):
            self.init(
                status: response.status, fields: fields,
                body: .stream { writer in try await produce { try await writer.write($0) } })
        }
    }
}

import HTTP2
import HTTPTypes

extension HTTP2RequestApplication {
    /// The REST face over HTTP/2: the same answers, on the same connections as gRPC.
    init(_ service: RESTService) {
        self.init { request in HTTP2Response(await service.respond(to: RESTRequest(request))) }
    }
}

extension RESTRequest {
    fileprivate init(_ request: HTTP2Request) {
        var headers = HTTPFields()
        for (name, value) in request.headers.all {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        self.init(
            method: HTTPRequest.Method(request.method) ?? HTTPRequest.Method.get, target: request.path, headers: headers
        ) { maximumBytes in
            guard request.body.count <= maximumBytes else { throw APIError.bodyTooLarge(maximumBytes) }
            return request.body
        }
    }
}

extension HTTP2Response {
    fileprivate init(_ response: RESTResponse) {
        let fields = response.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        switch response.body {
        case .bytes(let bytes):
            self.init(status: response.status, fields: fields, body: .bytes(bytes))
        case .stream(let produce):
            self.init(
                status: response.status, fields: fields, body: .stream { writer in try await produce { try await writer.write($0) } })
        }
    }
}

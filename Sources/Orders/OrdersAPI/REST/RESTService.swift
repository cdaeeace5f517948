import HTTPTypes
import Logging
import OrdersProto

/// REST without its connections: paths, JSON and the rules of HTTP around ``OrderHandlers``. The connections are those
/// of ``HummingbirdResponder`` for HTTP/1.1, and of `HTTP2RequestApplication` for HTTP/2.
struct RESTService: Sendable {
    let handlers: OrderHandlers
    let operations: Operations
    var cors = CORS()

    /// Answers every request; errors become responses.
    func respond(to request: RESTRequest) async -> RESTResponse {
        let started = ContinuousClock.now
        var label = "unknown"
        var response: RESTResponse
        do {
            let route = try route(request)
            label = route.methods.contains(request.method) ? "\(request.method.rawValue) \(route.label)" : route.label
            response = try await answer(route, request)
        } catch let error as APIError {
            response = RESTResponse(error)
        } catch {
            handlers.logger.error("request failed", metadata: ["method": "\(label)", "error": "\(error)"])
            response = RESTResponse(APIError.internalError)
        }
        ContentEncoding.apply(to: &response, for: request)
        if request.method == .head { response.body = .bytes([]) }
        cors.decorate(&response, for: request)
        operations.requests.metrics(transport: "rest", method: label).record(
            status: response.status, duration: .now - started)
        return response
    }

    /// The response to a request that its connection refused before it had a route.
    func refuse(_ error: APIError) -> RESTResponse {
        operations.requests.metrics(transport: "rest", method: "refused").record(
            status: error.httpStatus, duration: .zero)
        return RESTResponse(error)
    }

    private func route(_ request: RESTRequest) throws(APIError) -> RESTRoute {
        guard request.target.utf8.count <= RESTLimits.maximumTargetBytes else {
            throw APIError.invalid("path", "has more than \(RESTLimits.maximumTargetBytes) bytes").withHTTPStatus(414)
        }
        guard let route = try RESTRoute(path: request.path) else {
            throw APIError(.notFound, reason: "PATH_NOT_FOUND", "path: there is nothing at this path")
        }
        return route
    }

    private func answer(_ route: RESTRoute, _ request: RESTRequest) async throws -> RESTResponse {
        if let preflight = cors.preflight(request, methods: route.methods) { return preflight }
        guard route.methods.contains(request.method) else { throw methodNotAllowed(route) }
        switch route {
        case .orders where request.method == .post: return try await placeOrder(request)
        case .orders: return try await listOrders(request)
        case .order(let id): return try await getOrder(id, request)
        case .cancellation(let id): return try await cancelOrder(id, request)
        case .shippingStatus(let id): return try await updateShippingStatus(id, request)
        case .events(let id): return try await orderEvents(id, request)
        case .liveness: return .text("ok")
        case .readiness: return await operations.readinessResponse()
        case .metrics: return operations.metricsResponse()
        case .openAPI: return .typed("application/json", OpenAPIDocument.bytes)
        case .docs: return .typed("text/html; charset=utf-8", headers: DocsPage.headers, DocsPage.bytes)
        }
    }

    private func methodNotAllowed(_ route: RESTRoute) -> APIError {
        let methods = route.methods.map(\.rawValue)
        var error = APIError(
            .unimplemented, reason: "METHOD_NOT_ALLOWED", "method: this path answers \(methods.joined(separator: ", "))"
        )
        error.allowedMethods = methods
        return error.withHTTPStatus(405)
    }

    /// The fields of a request's JSON body, which may have these names.
    func fields(_ request: RESTRequest, _ names: [String]) async throws -> JSONFields {
        try requireJSON(request.headers)
        return try JSONFields(try await request.body(RESTLimits.maximumBodyBytes), names: names)
    }

    private func requireJSON(_ headers: HTTPFields) throws(APIError) {
        let mediaType = headers[.contentType]?.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        guard mediaType == "application/json" else {
            throw APIError.invalid("content-type", "must be application/json").withHTTPStatus(415)
        }
    }
}

import HTTP2
import Logging
import OrdersProto

/// REST without its connections: paths, JSON and the rules of HTTP around ``OrderHandlers``. The connections are those
/// of `HTTP1Server` for HTTP/1.1, and of `HTTP2RequestApplication` for HTTP/2.
struct RESTService: Sendable {
    let handlers: OrderHandlers
    let operations: Operations
    var cors = CORS()

    /// Answers every request; errors become responses.
    nonisolated(nonsending) func respond(to request: RESTRequest) async -> RESTResponse {
        let started = ContinuousClock.now
        var metrics = operations.rest.unknown
        var response: RESTResponse
        do {
            let route = try route(request)
            metrics = operations.rest.metrics(route.kind, request.method)
            response = try await answer(route, request)
        } catch let error as APIError {
            response = RESTResponse(error)
        } catch {
            handlers.logger.error("request failed", metadata: ["path": "\(request.path)", "error": "\(error)"])
            response = RESTResponse(APIError.internalError)
        }
        ContentEncoding.apply(to: &response, for: request)
        cors.decorate(&response, for: request)
        metrics.record(status: response.status, duration: .now - started)
        return response
    }

    /// The response to a request that its connection refused before it had a route.
    func refuse(_ error: APIError) -> RESTResponse {
        operations.rest.refused.record(status: error.httpStatus, duration: .zero)
        return RESTResponse(error)
    }

    private func route(_ request: RESTRequest) throws(APIError) -> RESTRoute {
        guard request.targetBytes <= RESTLimits.maximumTargetBytes else {
            throw APIError.invalid("path", "has more than \(RESTLimits.maximumTargetBytes) bytes").withHTTPStatus(414)
        }
        guard let route = try RESTRoute(path: request.path) else {
            throw APIError(.notFound, reason: "PATH_NOT_FOUND", "path: there is nothing at this path")
        }
        return route
    }

    private nonisolated(nonsending) func answer(
        _ route: RESTRoute, _ request: RESTRequest
    ) async throws -> RESTResponse {
        let methods = route.kind.methods
        guard let method = request.method, methods.contains(method) else {
            if let preflight = cors.preflight(request, methods: methods) { return preflight }
            throw methodNotAllowed(methods)
        }
        switch route {
        case .server: return RESTResponse(status: 204, body: .bytes([]))
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

    private func methodNotAllowed(_ allowed: [RESTMethod]) -> APIError {
        let methods = allowed.map(\.rawValue)
        var error = APIError(
            .unimplemented, reason: "METHOD_NOT_ALLOWED", "method: this path answers \(methods.joined(separator: ", "))"
        )
        error.allowedMethods = methods
        return error.withHTTPStatus(405)
    }

    /// The fields of a request's JSON body, which may have these names.
    func fields(_ request: RESTRequest, _ names: FieldNames) throws(APIError) -> JSONFields {
        try ContentType.requireJSON(request.headers)
        guard request.body.count <= RESTLimits.maximumBodyBytes else {
            throw APIError.bodyTooLarge(RESTLimits.maximumBodyBytes)
        }
        return try JSONFields(request.body, names: names)
    }
}

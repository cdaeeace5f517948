import Values

/// The resource that a path names.
enum RESTRoute: Hashable, Sendable {
    case orders
    case order(String)
    case cancellation(String)
    case shippingStatus(String)
    case events(String)
    case liveness
    case readiness
    case metrics
    case openAPI
    case docs
    /// The server as a whole, the target of `OPTIONS *` (RFC 9110 §9.3.7).
    case server

    /// Nil if there is no resource at this path.
    ///
    /// - Throws: INVALID_ARGUMENT if the order_id is not percent-encoded UTF-8.
    init?(path: Substring) throws(APIError) {
        switch path {
        case "/v1/orders": self = .orders
        case "/livez": self = .liveness
        case "/readyz": self = .readiness
        case "/metrics": self = .metrics
        case "/openapi.json": self = .openAPI
        case "/docs": self = .docs
        case "*": self = .server
        default:
            let segments = path.split(separator: "/", omittingEmptySubsequences: false)
            guard segments.count == 4 || segments.count == 5, segments[0].isEmpty, segments[1] == "v1",
                segments[2] == "orders",
                !segments[3].isEmpty
            else { return nil }
            guard let orderID = PercentDecoding.decode(segments[3]) else {
                throw APIError.invalid("order_id", "the path is not percent-encoded UTF-8")
            }
            switch segments.count == 4 ? "" : segments[4] {
            case "" where segments.count == 4: self = .order(orderID)
            case "cancel": self = .cancellation(orderID)
            case "shipping-status": self = .shippingStatus(orderID)
            case "events": self = .events(orderID)
            default: return nil
            }
        }
    }

    /// The route without its order_id.
    var kind: Kind {
        switch self {
        case .orders: .orders
        case .order: .order
        case .cancellation: .cancellation
        case .shippingStatus: .shippingStatus
        case .events: .events
        case .liveness: .liveness
        case .readiness: .readiness
        case .metrics: .metrics
        case .openAPI: .openAPI
        case .docs: .docs
        case .server: .server
        }
    }

    /// The rows of the table of routes.
    enum Kind: Int, CaseIterable, Sendable {
        case orders, order, cancellation, shippingStatus, events, liveness, readiness, metrics, openAPI, docs, server

        /// The path with a placeholder for the order_id, for metrics and for the OpenAPI document.
        var label: String { Self.table[rawValue].label }

        /// The supported methods, apart from the preflight of CORS.
        var methods: [RESTMethod] { Self.table[rawValue].methods }

        /// In the order of the cases.
        private static let table: [(label: String, methods: [RESTMethod])] = [
            ("/v1/orders", [.get, .head, .post]), ("/v1/orders/{order_id}", [.get, .head]),
            ("/v1/orders/{order_id}/cancel", [.post]), ("/v1/orders/{order_id}/shipping-status", [.put]),
            ("/v1/orders/{order_id}/events", [.get, .head]), ("/livez", [.get, .head]), ("/readyz", [.get, .head]),
            ("/metrics", [.get, .head]), ("/openapi.json", [.get, .head]), ("/docs", [.get, .head]),
            ("*", [.options]),
        ]
    }
}

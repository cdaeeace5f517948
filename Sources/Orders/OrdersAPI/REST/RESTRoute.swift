import HTTPTypes

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

    /// The route with a placeholder for the order_id, for metrics and for the OpenAPI document.
    var label: String {
        switch self {
        case .orders: "/v1/orders"
        case .order: "/v1/orders/{order_id}"
        case .cancellation: "/v1/orders/{order_id}/cancel"
        case .shippingStatus: "/v1/orders/{order_id}/shipping-status"
        case .events: "/v1/orders/{order_id}/events"
        case .liveness: "/livez"
        case .readiness: "/readyz"
        case .metrics: "/metrics"
        case .openAPI: "/openapi.json"
        case .docs: "/docs"
        }
    }

    /// The supported methods, apart from the preflight of CORS.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .orders: [.get, .head, .post]
        case .cancellation: [.post]
        case .shippingStatus: [.put]
        case .order, .events, .liveness, .readiness, .metrics, .openAPI, .docs: [.get, .head]
        }
    }
}

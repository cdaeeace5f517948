/// The metrics of REST by route and method, made once, so that a request looks nothing up.
struct RESTMetrics: Sendable {
    /// By kind of route, then by method; the last of a kind is for all other methods.
    private let table: [MethodMetrics]
    /// Of requests without a route.
    let unknown: MethodMetrics
    /// Of requests that their connection answered.
    let refused: MethodMetrics

    private static let columns = RESTMethod.allCases.count + 1

    init(_ requests: RequestMetrics) {
        func metrics(_ name: String) -> MethodMetrics { requests.metrics(transport: "rest", method: name) }
        table = RESTRoute.Kind.allCases.flatMap { kind in
            RESTMethod.allCases.map { method in
                metrics(kind.methods.contains(method) ? "\(method.rawValue) \(kind.label)" : kind.label)
            } + [metrics(kind.label)]
        }
        unknown = metrics("unknown")
        refused = metrics("refused")
    }

    func metrics(_ kind: RESTRoute.Kind, _ method: RESTMethod?) -> MethodMetrics {
        table[kind.rawValue * Self.columns + (method?.index ?? Self.columns - 1)]
    }
}

extension RESTMethod {
    /// In the order of the cases.
    fileprivate var index: Int {
        switch self {
        case .get: 0
        case .head: 1
        case .post: 2
        case .put: 3
        case .options: 4
        }
    }
}

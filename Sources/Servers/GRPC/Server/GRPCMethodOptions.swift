/// How the server treats one method.
public struct GRPCMethodOptions: Sendable {
    /// Where a handler runs.
    public enum Placement: Sendable {
        /// On the connection's event loop: cheapest, for handlers that never block and seldom compute for long.
        case eventLoop
        /// On Swift's cooperative pool, for handlers that compute. (Blocking calls belong on neither.)
        case pool
    }

    public var placement: Placement

    public init(placement: Placement = .eventLoop) {
        self.placement = placement
    }

    public static let `default` = GRPCMethodOptions()
}

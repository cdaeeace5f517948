/// Hears of every call: the place for metrics and access logs. Called on event loops, so it must not block.
public protocol GRPCObserver: Sendable {
    /// A call has ended.
    ///
    /// - Parameters:
    ///   - method: such as `orders.v1.OrderService/PlaceOrder`; `unknown` if it is not registered.
    ///   - status: the status that was sent, or would have been had the client not left.
    ///   - duration: from the header block to the status.
    func callEnded(method: String, status: GRPCStatusCode, duration: Duration)
}

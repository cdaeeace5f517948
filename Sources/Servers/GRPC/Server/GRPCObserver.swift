/// Hears of every call: the place for metrics and access logs.
public protocol GRPCObserver: Sendable {
    /// Who hears of the calls of one method. Asked once for each, when the server is made: at a call nothing is looked
    /// up.
    ///
    /// - Parameter method: such as `orders.v1.OrderService/PlaceOrder`; `unknown` for calls of what is not registered,
    ///   or refused before that was clear.
    func observer(of method: String) -> any GRPCMethodObserver
}

/// Hears of the calls of one method, on event loops, so it must not block.
public protocol GRPCMethodObserver: AnyObject, Sendable {
    /// A call has ended.
    ///
    /// - Parameters:
    ///   - status: the status that was sent, or would have been had the client not left.
    ///   - duration: from the header block to the status.
    func callEnded(_ status: GRPCStatusCode, duration: Duration)
}

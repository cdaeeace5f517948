/// A registered method, its message types erased.
final class GRPCMethod: Sendable {
    /// The point at which the handler starts.
    enum Start: Sendable {
        /// When the request is complete, with the bytes of its one message; they are valid during the call only.
        case message(@Sendable (GRPCServerCall, UnsafeRawBufferPointer) -> Void)
        /// At the header block: the handler reads messages as they come.
        case headers(@Sendable (GRPCServerCall) -> Void)
    }

    /// The full name, such as `orders.v1.OrderService/PlaceOrder`.
    let name: String
    let start: Start
    /// Receives the ends of the method's calls.
    let observer: (any GRPCMethodObserver)?

    init(name: String, start: Start, observer: (any GRPCMethodObserver)? = nil) {
        self.name = name
        self.start = start
        self.observer = observer
    }

    /// The same method with an observer of its calls.
    func observed(by observer: (any GRPCObserver)?) -> GRPCMethod {
        GRPCMethod(name: name, start: start, observer: observer?.observer(of: name))
    }
}

/// The server's treatment of one method.
public struct GRPCMethodOptions: Sendable {
    /// The executor of a handler.
    public enum Placement: Sendable {
        /// The connection's event loop: the cheapest, for handlers that never block and seldom compute for long.
        case eventLoop
        /// Swift's cooperative pool, for handlers that compute. Handlers that block belong on a thread of their own.
        case pool
    }

    let placement: Placement

    /// Options for a method; by default its handler runs on the event loop.
    public init(placement: Placement = .eventLoop) {
        self.placement = placement
    }
}

/// Observes every call: the place for metrics and access logs.
public protocol GRPCObserver: Sendable {
    /// The observer of one method's calls. Asked once for each method, when the server is made, so that a call needs no
    /// look-up.
    ///
    /// - Parameter method: such as `orders.v1.OrderService/PlaceOrder`; `unknown` for calls of methods that are not
    ///   registered, and for calls that are refused before the method is known.
    func observer(of method: String) -> any GRPCMethodObserver
}

/// Observes the calls of one method. Called on event loops, so it must not block.
public protocol GRPCMethodObserver: AnyObject, Sendable {
    /// A call has ended.
    ///
    /// - Parameters:
    ///   - status: the status that was sent; `cancelled` if the client left before.
    ///   - duration: from the header block to the status.
    func callEnded(_ status: GRPCStatusCode, duration: Duration)
}

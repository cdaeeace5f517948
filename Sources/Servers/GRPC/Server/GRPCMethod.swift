/// A registered method, its message types erased.
final class GRPCMethod: Sendable {
    /// When the handler starts.
    enum Start: Sendable {
        /// At the one request message; its bytes are valid during the call only.
        case message(@Sendable (GRPCServerCall, UnsafeRawBufferPointer) -> Void)
        /// At the header block: the handler reads messages as they come.
        case headers(@Sendable (GRPCServerCall) -> Void)
    }

    /// Such as `orders.v1.OrderService/PlaceOrder`.
    let name: String
    let start: Start
    /// Hears of its calls.
    let observer: (any GRPCMethodObserver)?

    init(name: String, start: Start, observer: (any GRPCMethodObserver)? = nil) {
        self.name = name
        self.start = start
        self.observer = observer
    }

    /// The same method with somebody who hears of its calls.
    func observed(by observer: (any GRPCObserver)?) -> GRPCMethod {
        GRPCMethod(name: name, start: start, observer: observer?.observer(of: name))
    }
}

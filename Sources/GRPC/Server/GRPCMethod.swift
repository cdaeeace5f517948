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

    init(name: String, start: Start) {
        self.name = name
        self.start = start
    }
}

import Orders

/// Where orders are: the seam between the handlers and the event store. Each function throws ``APIError`` only.
protocol OrderStore: Sendable {
    func place(_ details: OrderDetails, _ options: CommandOptions) async throws(APIError) -> CommandReceipt

    func execute(
        _ command: OrderCommand, on orderID: String, _ options: CommandOptions
    ) async throws(APIError) -> CommandReceipt

    /// Nil if there is no such order.
    func load(_ orderID: String) async throws(APIError) -> StoredOrder?

    /// At most `limit` events from sequence number `from` on; nil if there is no such order.
    func history(_ orderID: String, from: UInt32, limit: Int) async throws(APIError) -> StoredHistory?
}

/// What the server acknowledged.
struct OrderAnswer {
    var orderID: String
    /// The number of the order's events.
    var version: Int64
}

/// A client that places and cancels orders, one call at a time. Any error leaves the outcome unknown, and the next call
/// uses a new connection.
protocol OrderClient: AnyObject {
    /// - Parameter key: the same key is the same order, however often it is asked for.
    func place(_ key: String) throws -> OrderAnswer
    /// - Returns: nil if the server refused, for instance because the order is delivered.
    func cancel(_ orderID: String) throws -> OrderAnswer?
}

import EventStore

/// A validated request that waits for the event store, and the way from the store's answer to the response.
struct PendingResponse<Value: Sendable, Response: Sendable>: Sendable {
    /// The method, for the log.
    let method: StaticString
    /// The store's answer.
    let reply: Reply<Value>
    /// Makes the response of the store's value.
    let finish: @Sendable (OrderHandlers, Value) throws(APIError) -> Response
}

extension OrderHandlers {
    /// The response to the store's answer.
    func response<Value, Response>(
        _ pending: PendingResponse<Value, Response>, _ outcome: Result<Value, EventStoreError>
    ) throws(APIError) -> Response {
        switch outcome {
        case .success(let value): return try pending.finish(self, value)
        case .failure(let error): throw mapped(pending.method, error)
        }
    }

    /// Waits for the response.
    func response<Value, Response>(of pending: PendingResponse<Value, Response>) async throws(APIError) -> Response {
        try response(pending, await pending.reply.await())
    }
}

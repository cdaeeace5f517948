import EventStore
import Logging
import Orders
import OrdersProto

/// The service's methods, once: REST and gRPC are faces of these. Messages in, messages out, ``APIError`` otherwise.
struct OrderHandlers: Sendable {
    let store: any OrderStore
    let list: any OrderList
    /// Wakes watchers and those who wait for the list to catch up.
    let changes: OrderChanges
    let logger: Logger

    /// Runs what the event store does and turns its error into the API's; what a client must not see goes to the log.
    func mapped<Value: Sendable>(
        _ method: StaticString, _ body: () async throws(EventStoreError) -> Value
    ) async throws(APIError) -> Value {
        do {
            return try await body()
        } catch {
            switch error {
            case .internal, .outcomeUnknown:
                logger.error("event store failed", metadata: ["method": "\(method)", "error": "\(error)"])
            case .unavailable:
                logger.debug("event store unavailable", metadata: ["method": "\(method)", "error": "\(error)"])
            default: break
            }
            throw APIError(error)
        }
    }
}

import EventStore
import Logging
import Orders
import OrdersProto

/// The methods of the service, shared by REST and gRPC. They take and return messages, and throw ``APIError``.
///
/// A method whose only wait is one request of the event store has two halves: the first one validates and returns a
/// ``PendingResponse``, the second one makes the response of the store's answer. So it can be awaited in a task, or
/// answered without one.
final class OrderHandlers: Sendable {
    let store: any OrderStore
    let list: any OrderList
    /// Wakes watches, and lists that wait for the projection.
    let changes: OrderChanges
    let logger: Logger

    init(store: any OrderStore, list: any OrderList, changes: OrderChanges, logger: Logger) {
        self.store = store
        self.list = list
        self.changes = changes
        self.logger = logger
    }

    /// Runs a call of the event store and maps its error to the API's. Causes that a client must not see are logged.
    func mapped<Value: Sendable>(
        _ method: StaticString, _ body: () async throws(EventStoreError) -> Value
    ) async throws(APIError) -> Value {
        do {
            return try await body()
        } catch {
            throw mapped(method, error)
        }
    }

    /// The API's error for the event store's. Causes that a client must not see are logged.
    func mapped(_ method: StaticString, _ error: EventStoreError) -> APIError {
        switch error {
        case .internal, .outcomeUnknown:
            logger.error(
                "event store failed", metadata: ["method": "\(method)", "error": "\(error.debugDescription)"])
        case .unavailable:
            logger.debug("event store unavailable", metadata: ["method": "\(method)", "error": "\(error)"])
        default: break
        }
        return APIError(error)
    }

    /// INTERNAL, with the cause in the log.
    func internalError(_ method: StaticString, _ cause: String) -> APIError {
        logger.error("request failed", metadata: ["method": "\(method)", "error": "\(cause)"])
        return .internalError
    }

    /// The order as it is now; NOT_FOUND if there is none.
    func load(_ orderID: String, _ method: StaticString) async throws(APIError) -> LoadedOrder {
        let order = try await mapped(method) { () async throws(EventStoreError) in
            try await store.loading(orderID).await().get()
        }
        guard let order else { throw APIError(EventStoreError.notFound(orderID: orderID)) }
        return order
    }
}

/// The part of a call that is not in its message, from either transport.
struct CallContext: Sendable {
    /// When the client stops waiting; nil if it sent no deadline.
    var deadline: ContinuousClock.Instant?
    /// The W3C trace context as the client sent it, not validated.
    var traceparent: String?
    /// The versions that a write accepts; nil for any. The message's own `expected_version` must hold as well.
    var allowedVersions: [UInt32]?
}

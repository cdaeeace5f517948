import Postgres
import Values

/// One question on its way through a read lane.
enum ReadRequest: LaneRequest {
    case order(ExactText, Reply<LoadedOrder?>)
    case history(orderID: String, from: Int64, limit: Int64, Reply<[StoredEvent]>)
    /// Does Postgres answer?
    case probe(Reply<Void>)
    /// Remove idempotency keys older than this, in microseconds since 1970; answers how many went.
    case removeKeys(before: Int64, limit: Int64, Reply<Int>)

    func claim(at now: ContinuousClock.Instant) -> Bool {
        switch self {
        case .order(_, let reply): reply.claim()
        case .history(_, _, _, let reply): reply.claim()
        case .probe(let reply): reply.claim()
        case .removeKeys(_, _, let reply): reply.claim()
        }
    }

    func fail(_ error: EventStoreError) {
        switch self {
        case .order(_, let reply): reply.finish(.failure(error))
        case .history(_, _, _, let reply): reply.finish(.failure(error))
        case .probe(let reply): reply.finish(.failure(error))
        case .removeKeys(_, _, let reply): reply.finish(.failure(error))
        }
    }
}

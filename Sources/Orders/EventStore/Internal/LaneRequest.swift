import Orders
import Sabotage
import Values

/// A request that waits in a lane.
protocol LaneRequest: Sendable {
    /// Called when work on the request is about to start. Returns false if its caller does not wait any more; then the
    /// request has been answered.
    func claim(at now: ContinuousClock.Instant) -> Bool

    /// Answers the request with an error.
    func fail(_ error: EventStoreError)
}

/// A command in a write lane. An object, because a command has a dozen references and is handed on seven times.
final class CommandRequest: LaneRequest, @unchecked Sendable {
    // Sendable because only the lane's thread changes it.
    let command: OrderCommand
    let orderID: ExactText
    /// Whether the identifier was made for this command: then there is no history to load.
    let isNewOrder: Bool
    let options: CommandOptions
    /// What the caller knows of the order, so that nothing is loaded; nil if nothing.
    let known: StreamHead?
    let reply: CommandReply
    /// How often the command was decided and then not appended, because another writer was first.
    var lostAttempts = 0

    init(
        command: OrderCommand, orderID: ExactText, isNewOrder: Bool, options: CommandOptions,
        known: StreamHead? = nil, reply: CommandReply
    ) {
        self.command = command
        self.orderID = orderID
        self.isNewOrder = isNewOrder
        var options = options
        if Mutant.keysIgnored.isOn { options.idempotencyKey = nil }
        self.options = options
        self.known = known
        self.reply = reply
    }

    /// The head to decide on without loading it. Once another writer was first, it is outdated.
    var knownHead: StreamHead? { lostAttempts == 0 ? known : nil }

    /// Whether the idempotency key is looked up before the decision. A placement cannot be rejected for the order's
    /// state, so its key is inserted without a lookup; only if the insertion finds the key taken is there an earlier
    /// answer.
    var needsKeyLookup: Bool { options.idempotencyKey != nil && (!isNewOrder || lostAttempts > 0) }

    func claim(at now: ContinuousClock.Instant) -> Bool {
        if let deadline = options.deadline, deadline <= now {
            reply.finish(.failure(.deadlineExceeded))
            return false
        }
        return reply.claim()
    }

    func fail(_ error: EventStoreError) {
        reply.finish(.failure(error))
    }
}

/// A query in a read lane.
enum ReadRequest: LaneRequest {
    /// The order folded from its events.
    case order(ExactText, Reply<LoadedOrder?>)
    /// At most `limit` events from a sequence number on.
    case history(orderID: String, from: Int64, limit: Int64, Reply<[StoredEvent]>)
    /// Whether Postgres answers.
    case probe(Reply<Void>)
    /// Removes at most `limit` idempotency keys stored before this time, in microseconds since 1970; answers how many
    /// were removed.
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

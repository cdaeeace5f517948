import Orders
import Postgres
import Values

/// One command on its way through a write lane.
struct CommandRequest: LaneRequest {
    let command: OrderCommand
    let orderID: ExactText
    /// The identifier was made for this very command: there is no history to load.
    let isNewOrder: Bool
    let options: CommandOptions
    let reply: Reply<CommandOutcome>
    /// How often it was decided and then lost against somebody faster.
    var lostAttempts = 0

    /// Whether an earlier answer must be looked for before deciding. A new order cannot be refused, so its key is
    /// simply inserted; only if that fails there is an earlier answer.
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

/// The places at which a process can be told to end, to stop or to fail: all names. `docs/drills.md` says how.
///
/// A point is passed often, on a path where a crash is hardest to bear: between two things that should happen together.
public enum FailPoint: String, CaseIterable, Sendable {
    // MARK: The relay publishes

    /// A cut is stored in Postgres, and its next rows are not read.
    case relayBeforeRead = "relay-before-read"
    /// Rows are read, and none of them is offered.
    case relayAfterRead = "relay-after-read"
    /// Rows are with the Kafka client, and no report is taken.
    case relayAfterProduce = "relay-after-produce"
    /// A broker has stored a row, and the relay does not count it yet.
    case relayBeforeAck = "relay-before-ack"
    /// All rows in flight are counted, and neither the checkpoint nor a commit of Kafka says so.
    case relayAfterAck = "relay-after-ack"
    /// Exactly-once: Kafka's transaction is committed, and the checkpoint does not say so.
    case relayAfterCommit = "relay-after-commit"
    /// Held rows of a key are in Kafka, and still held in Postgres.
    case relayInRelease = "relay-in-release"

    // MARK: The relay leads

    /// The leader's lock is taken, and the epoch is not raised.
    case relayInTakeover = "relay-in-takeover"
    /// The epoch is raised, and nothing is published in it.
    case relayAfterTakeover = "relay-after-takeover"
    /// The lease is to be renewed, and the statement is not sent.
    case relayBeforeRenewal = "relay-before-renewal"
    /// An empty leaf is found, and new rows do not go to it yet.
    case relayInLeafTurn = "relay-in-leaf-turn"
    /// A leaf of published rows is truncated, and the transaction is not committed.
    case relayInTruncation = "relay-in-truncation"

    // MARK: Commands

    /// Commands are decided, and their transaction is not sent.
    case appendBeforeCommit = "append-before-commit"
    /// Events are committed, and no client is answered.
    case appendAfterCommit = "append-after-commit"

    // MARK: Consumers

    /// Rows of the read model and positions are written, and the transaction is not committed.
    case projectorBeforeCommit = "projector-before-commit"
    /// They are committed, and the projector does not know it.
    case projectorAfterCommit = "projector-after-commit"
    /// The initiation of a payment is stored, and the gateway is not asked.
    case paymentsBeforeCharge = "payments-before-charge"
    /// The gateway has charged, and the payment is not stored.
    case paymentsAfterCharge = "payments-after-charge"

    /// The programs that pass it.
    public var programs: [String] {
        switch rawValue.prefix(while: { $0 != "-" }) {
        case "relay": ["outbox-relay"]
        case "append": ["orders-server", "orders-payments"]
        case "projector": ["orders-projector"]
        default: ["orders-payments"]
        }
    }
}

extension FailPoint {
    /// The point, if the environment of this process switches it on; nil otherwise. For paths that are passed a million
    /// times a second: keep it.
    public var armed: ArmedFailPoint? {
        guard let armed = ArmedFailPoint.ofThisProcess, armed.setting.point == self else { return nil }
        return armed
    }

    /// Called where the point is. Costs a comparison while no point is on.
    ///
    /// - Throws: ``FailPointError`` if the point is on, its turn has come, and its action is `error`.
    public func reached() throws(FailPointError) { try armed?.strike() }
}

/// What a fail point with the action `error` throws.
public struct FailPointError: Error, Sendable, CustomStringConvertible {
    /// Where.
    public let point: FailPoint

    /// One sentence.
    public var description: String { "the fail point \(point.rawValue) is on: an error on purpose" }
}

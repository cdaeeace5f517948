import Postgres

/// The part of a lane that talks to Postgres. Its functions are called on the lane's thread, and block it.
protocol LaneWorker: AnyObject, SendableMetatype {
    associatedtype Request: LaneRequest

    /// Called by a worker that stays busy while Postgres is away: with the reason when Postgres goes away, with nil
    /// when it is back. The lane refuses requests in between. Set once, by the lane.
    var availabilityChanged: ((LaneDown?) -> Void)? { get set }

    /// Connects if there is no usable connection.
    func connect() throws(LaneDown)

    /// Works on a batch and answers all requests of it, except those that it returns: they must be part of the next
    /// batch.
    ///
    /// - Throws: ``LaneDown`` when Postgres is away; then all requests have been answered.
    func process(_ batch: [Request]) throws(LaneDown) -> [Request]

    /// Closes the connection.
    func close()
}

/// Postgres cannot be reached.
struct LaneDown: Error {
    /// For the client, so it holds no addresses; the log has the error itself.
    let reason: String

    init(_ error: PostgresError) {
        reason = error.code == .deadline ? "Postgres does not answer in time" : "Postgres cannot be reached"
    }
}

/// The consequence of a failed transaction for the batch in it.
enum FailureKind {
    /// The connection is gone. Whether the transaction was committed is unknown.
    case lost
    /// Nothing was written, and the same batch may succeed now.
    case transient
    /// Nothing was written, because of one command of the batch, which must be found.
    case poisonedByCommand
    /// Nothing was written, and the same batch would fail again.
    case permanent

    init(_ error: PostgresError) {
        if error.isConnectionLost {
            self = .lost
            return
        }
        guard let state = error.sqlState else {
            self = .permanent
            return
        }
        switch state.prefix(2) {
        case "22", "23": self = .poisonedByCommand
        case "40", "53", "57": self = .transient
        // Another transaction holds one order of the batch; the commands for other orders need not wait for it.
        case "55": self = state == SQLState.lockNotAvailable ? .poisonedByCommand : .permanent
        default: self = .permanent
        }
    }
}

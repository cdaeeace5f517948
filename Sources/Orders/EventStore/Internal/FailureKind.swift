import Postgres

/// What a failed transaction means for the batch that was in it.
enum FailureKind {
    /// The connection is gone; whether the transaction was committed is unknown.
    case lost
    /// Nothing was written, and the same batch may well succeed now.
    case transient
    /// Nothing was written, because of one command of the batch: it must be found.
    case guilty
    /// Nothing was written, and nothing would be the next time.
    case hopeless

    init(_ error: PostgresError) {
        if error.isConnectionLost {
            self = .lost
            return
        }
        guard let state = error.sqlState else {
            self = .hopeless
            return
        }
        switch state.prefix(2) {
        case "22", "23": self = .guilty
        case "40", "53", "57": self = .transient
        // Somebody else's open transaction holds one of our orders: the others need not wait for it.
        case "55": self = state == SQLState.lockNotAvailable ? .guilty : .hopeless
        default: self = .hopeless
        }
    }
}

import Synchronization

/// What the connections of this process to its database have met: for the metrics and the readiness of every service.
///
/// The client of the database writes it, from any thread; it is here because the admin endpoints may not know a client.
public enum DatabaseHealth {
    private struct State {
        /// The connections that wait for longer than their statement's class allows, by number.
        var late: [UInt64: (connection: String, since: ContinuousClock.Instant)] = [:]
        var lateTotal = 0
        var connectionsLost = 0
        var clockSkew = Duration.zero
    }

    private static let state = Mutex(State())

    /// Statements so far that were later than their class allows.
    public static var lateStatements: Int { state.withLock { $0.lateTotal } }

    /// Such statements that still wait.
    public static var lateNow: Int { state.withLock { $0.late.count } }

    /// Connections that broke, or were given up, after they had been made.
    public static var connectionsLost: Int { state.withLock { $0.connectionsLost } }

    /// The database's clock minus the clock of this process, at the last connect.
    public static var clockSkew: Duration { state.withLock { $0.clockSkew } }

    /// Which connection has waited longest for a late answer, and for how long; nil if none waits.
    public static var trouble: String? {
        let longest = state.withLock { $0.late.values.min { $0.since < $1.since } }
        return longest.map { late in
            "Postgres has not answered '\(late.connection)' for \((.now - late.since).components.seconds) s"
        }
    }

    /// A statement is late.
    ///
    /// - Returns: the number for ``lateEnded(_:)``.
    public static func lateBegan(_ connection: String, since: ContinuousClock.Instant) -> UInt64 {
        state.withLock { state in
            state.lateTotal += 1
            let number = UInt64(state.lateTotal)
            state.late[number] = (connection, since)
            return number
        }
    }

    /// The late statement was answered or given up.
    public static func lateEnded(_ number: UInt64) {
        state.withLock { _ = $0.late.removeValue(forKey: number) }
    }

    /// A connection broke.
    public static func connectionLost() {
        state.withLock { $0.connectionsLost += 1 }
    }

    /// The clocks were compared.
    public static func clockCompared(_ skew: Duration) {
        state.withLock { $0.clockSkew = skew }
    }
}

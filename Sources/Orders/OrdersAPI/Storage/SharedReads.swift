import Postgres
import Synchronization

/// Reads of the list that wait for a connection, and the callers that share them.
///
/// While a read waits, whoever asks for the same joins it and gets its answer. A read that has begun is shared with
/// nobody who comes later: every caller gets rows that were read after it asked. The callers are requests in flight,
/// whose number the connections bound.
final class SharedReads<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Caller = CheckedContinuation<Value?, any Error>

    private final class Flight: Sendable {
        let state = Mutex((hasBegun: false, joined: [Caller]()))
    }

    private let pool: PostgresPool
    private let waiting = Mutex<[Key: Flight]>([:])

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    /// How many callers have joined reads that wait.
    var joinedCount: Int {
        waiting.withLock { $0.values.reduce(0) { sum, flight in sum + flight.state.withLock { $0.joined.count } } }
    }

    /// The answer of `read`, which may be that of an equal key's.
    ///
    /// - Parameter read: must only read: it may run twice.
    /// - Throws: as `PostgresPool.reading`.
    nonisolated(nonsending) func value(
        _ key: Key, _ read: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        let flight = Flight()
        if let value = try await withCheckedThrowingContinuation({ join(key, orLead: flight, $0) }) { return value }
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(
                try await pool.reading { [self] in
                    begin(key, flight)
                    return try read($0)
                })
        } catch {
            begin(key, flight)
            outcome = .failure(error)
        }
        for caller in flight.state.withLock({ $0.joined }) { caller.resume(with: outcome.map { $0 }) }
        return try outcome.get()
    }

    /// The caller gets the answer of the flight that waits, or nil at once: then it leads `own`.
    private func join(_ key: Key, orLead own: Flight, _ caller: Caller) {
        let leads = waiting.withLock { waiting in
            guard let flight = waiting[key] else {
                waiting[key] = own
                return true
            }
            flight.state.withLock { $0.joined.append(caller) }
            return false
        }
        if leads { caller.resume(returning: nil) }
    }

    /// From here on nobody joins. A second call, of a read that is repeated, changes nothing.
    private func begin(_ key: Key, _ flight: Flight) {
        waiting.withLock { waiting in
            flight.state.withLock { state in
                guard !state.hasBegun else { return }
                state.hasBegun = true
                waiting[key] = nil
            }
        }
    }
}

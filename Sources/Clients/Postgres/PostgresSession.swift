import Synchronization

/// The one connection of a thread, made when it is needed and replaced when it was lost.
public final class PostgresSession {
    private let configuration: PostgresConfiguration
    private var current: PostgresConnection?

    /// Connects nowhere yet.
    public init(_ configuration: PostgresConfiguration) {
        self.configuration = configuration
    }

    /// The connection, or a new one in place of a lost one.
    ///
    /// A server that closed the connection while it was idle is noticed here: in the middle of a write the outcome
    /// would be unknown.
    ///
    /// - Throws: as ``PostgresConnection/init(_:)``.
    public func connection() throws(PostgresError) -> PostgresConnection {
        if let current, current.isAlive { return current }
        current = nil
        let made = try PostgresConnection(configuration)
        current = made
        return made
    }

    /// Runs a read, and once more on a new connection if the connection turns out to be lost. A connection that hangs
    /// is not tried again, because the read has had its time and other requests wait.
    ///
    /// - Parameter body: must only read: it may run twice.
    /// - Throws: what `body` throws, or ``PostgresError`` of a connect.
    public func reading<T>(_ body: (PostgresConnection) throws -> T) throws -> T {
        let first = try connection()
        do {
            return try body(first)
        } catch let error as PostgresError where error.isConnectionLost && error.code != .deadline {
            return try body(connection())
        }
    }

    /// Closes the connection; the next use makes another.
    public func close() {
        current = nil
    }
}

/// When connections of this process were last given up because no answer came, by address: what took one of them may
/// have taken the others.
enum DeadPaths {
    private static let losses = Mutex<[Int: ContinuousClock.Instant]>([:])

    /// nil if no connection to the address was given up.
    static func lastLoss(of url: String) -> ContinuousClock.Instant? { losses.withLock { $0[url.hashValue] } }

    /// A connection to the address is given up now.
    static func note(_ url: String) { losses.withLock { $0[url.hashValue] = .now } }
}

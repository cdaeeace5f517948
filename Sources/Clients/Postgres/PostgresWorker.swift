public import Threads

/// One thread that owns at most one connection, opened at first use and replaced when it was lost.
public final class PostgresWorker: @unchecked Sendable {
    public let executor: ThreadExecutor
    private let configuration: PostgresConfiguration
    /// Touched on the executor's thread only.
    private var connection: PostgresConnection?

    public init(_ configuration: PostgresConfiguration, name: String) {
        self.configuration = configuration
        self.executor = ThreadExecutor(name: name)
    }

    /// Runs `body` with the connection on the worker's thread.
    ///
    /// A connection found dead by the first statement is not retried here: whether that is safe only the caller knows.
    public func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        try await executor.run { try body(self.usableConnection()) }
    }

    /// Ends the thread and its connection after what is queued.
    public func shutdown() {
        executor.submit { self.connection = nil }
        executor.shutdown()
    }

    private func usableConnection() throws(PostgresError) -> PostgresConnection {
        if let connection, connection.isUsable { return connection }
        connection = nil
        let fresh = try PostgresConnection(configuration)
        connection = fresh
        return fresh
    }
}

import Operations
import Postgres

/// Asks the outbox on threads of its own, so that no question blocks a page that asks another one.
struct Questions: Sendable {
    private let pool: PostgresPool
    private let schema: String
    private let hidesPayloads: Bool

    /// - Parameter size: connections to Postgres.
    init(_ configuration: ConsoleConfiguration, size: Int) throws {
        pool = try PostgresPool(configuration.postgres, size: size, maximumWaiters: ConsoleLimits.waitingQuestions)
        schema = configuration.relaySchema
        hidesPayloads = configuration.hidesPayloads
    }

    /// Reads; twice if the connection turns out to be dead.
    func ask<T: Sendable>(_ body: @escaping @Sendable (OperatorDesk) throws -> T) async throws -> T {
        let (schema, hidesPayloads) = (schema, hidesPayloads)
        return try await pool.reading {
            try body(OperatorDesk($0, schema: schema, hidesPayloads: hidesPayloads))
        }
    }

    func close() async {
        await pool.close()
    }
}

import Operations
import Postgres
import Synchronization

/// Asks the outbox on threads of its own, so that no question blocks a page that asks another one.
final class Questions: Sendable {
    private let pool: PostgresPool
    private let schema: String
    private let hidesPayloads: Bool
    /// What is known of the relay's schema; nil before it was found to be one that this program knows.
    private let facts = Mutex<DeskFacts?>(nil)

    /// - Parameter size: connections to Postgres.
    init(_ configuration: ConsoleConfiguration, size: Int) throws {
        pool = try PostgresPool(configuration.postgres, size: size, maximumWaiters: ConsoleLimits.waitingQuestions)
        schema = configuration.relaySchema
        hidesPayloads = configuration.hidesPayloads
    }

    /// Reads; twice if the connection turns out to be dead.
    func ask<T: Sendable>(_ body: @escaping @Sendable (OperatorDesk) throws -> T) async throws -> T {
        try await counted(body).answer
    }

    /// The same, with the number of statements that it took.
    func counted<T: Sendable>(
        _ body: @escaping @Sendable (OperatorDesk) throws -> T
    ) async throws -> (answer: T, statements: Int) {
        try await pool.reading { [self] connection in
            let before = connection.statementCount
            do {
                let desk = try OperatorDesk(
                    connection, schema: schema, hidesPayloads: hidesPayloads, facts: facts.withLock { $0 })
                facts.withLock { $0 = desk.facts }
                return (try body(desk), connection.statementCount - before)
            } catch let error as PostgresError where error.sqlState?.hasPrefix("42") == true {
                // A table or a column is gone: the next desk says what is wrong with the schema.
                facts.withLock { $0 = nil }
                throw error
            }
        }
    }

    func close() async {
        await pool.close()
    }
}

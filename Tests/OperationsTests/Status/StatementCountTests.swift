import Postgres
import TestKit
import Testing

@testable import Operations

/// What questions that are asked again and again cost, as Postgres counts it.
@Suite struct StatementCountTests {
    @Test func aStatusAndAListTakeFewStatements() async throws {
        let outbox = try await OperatedOutbox()
        try await onThread {
            let (connection, counter) = (try outbox.connect(), try Counter(outbox))
            for sequence in 0..<3 { try connection.append("order", "a", Int64(sequence)) }
            let desk = try OperatorDesk(connection)
            #expect(try counter.count(connection) { _ = try desk.status() } == OperatorDesk.statementsOfStatus)
            var filter = EventFilter()
            (filter.state, filter.since) = (.unpublished, try desk.moment("yesterday"))
            #expect(try counter.count(connection) { _ = try desk.events(filter) } == OperatorDesk.statementsOfList)
            #expect(try counter.count(connection) { _ = try desk.events(limit: 1) } == OperatorDesk.statementsOfList)
            let configuration = outbox.kafka.configuration
            let topic = outbox.topic("order")
            let lag = try counter.count(connection) { _ = try desk.projectionLag(configuration, topic: topic) }
            #expect(lag == OperatorDesk.statementsOfLag)
            let again = try OperatorDesk(connection, facts: desk.facts)
            #expect(try counter.count(connection) { _ = try again.status() } == OperatorDesk.statementsOfStatus)
        }
    }
}

/// Counts the statements of a database with `pg_stat_statements`, and that the connection counts the same.
private struct Counter {
    private let observer: PostgresConnection

    init(_ outbox: OperatedOutbox) throws {
        observer = try outbox.connect()
        try observer.execute("CREATE EXTENSION pg_stat_statements")
    }

    func count(_ connection: PostgresConnection, _ body: () throws -> Void) throws -> Int {
        let (before, own) = (try counted(), connection.statementCount)
        try body()
        let statements = try counted() - before
        #expect(connection.statementCount - own == statements)
        return statements
    }

    private func counted() throws -> Int {
        let rows = try observer.query(
            """
            SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
            WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND query NOT LIKE '%pg_stat_statements%'
            """)
        return Int(try rows.int64(0, 0))
    }
}

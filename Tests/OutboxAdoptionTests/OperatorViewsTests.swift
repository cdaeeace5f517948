import Postgres
import TestKit
import Testing

@testable import Outbox
@testable import OutboxAdoption

/// The views that operators read while things go wrong. Postgres compiles a statement that it takes for expensive,
/// which would cost more than all else: the plans must look as cheap as they are, in a database that was never
/// analyzed.
struct OperatorViewsTests {
    @Test func theMigratedOnesAreNotCompiled() async throws {
        let configuration = try await TestPostgres.configuration()
        try await onThread { try Self.expectCheap(["outbox_state", "relay_state"], PostgresConnection(configuration)) }
    }

    @Test func thoseOfAnAdoptedOutboxAreNotCompiled() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread {
            let connection = try outbox.connect()
            _ = try Adoption(connection, outbox.options).apply { _ in }
            try Self.expectCheap(["outbox_state", "relay_state"].map { "\(outbox.options.schema).\($0)" }, connection)
        }
    }

    private static func expectCheap(_ views: [String], _ connection: PostgresConnection) throws {
        for view in views {
            let plan = try connection.query(PostgresStatement("EXPLAIN SELECT * FROM \(view)")).string(0, 0)
            let limit = try connection.query("SELECT current_setting('jit_above_cost')").string(0, 0)
            let cost = try #require(plan.firstMatch(of: #/\.\.([0-9.]+) rows/#)).1
            #expect(try #require(Double(cost)) < (try #require(Double(limit))), "\(view): \(plan)")
        }
    }
}

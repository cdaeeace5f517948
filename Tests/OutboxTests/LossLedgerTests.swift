import Postgres
import TestKit
import Testing

@testable import Outbox

/// What the relay notices about lost records is kept in its schema, for an audit.
struct LossLedgerTests {
    private static let losses = [
        LostRecords(.reset, topic: "orders", partition: 3, from: 0, until: 51_200),
        LostRecords(.deleted, topic: "orders", partition: 4, from: 9, until: 500),
        LostRecords(.database, topic: "o'dd", partition: 0, from: 7, until: 12, rows: 3),
    ]
    private static let select: PostgresStatement = """
        SELECT cause || ' ' || topic || ' ' || partition || ' ' || lost_from || ' ' || lost_until || ' '
               || coalesce(lost_rows::text, 'all')
        FROM outbox_relay.record_loss ORDER BY noticed_at, lost_from
        """

    private static func kept(_ outbox: TestOutbox) throws -> [String] {
        let rows = try outbox.connect().query(select)
        return try (0..<rows.count).map { try rows.string($0, 0) }
    }

    @Test func whatIsNotedIsWrittenAlsoAtTheEnd() async throws {
        let outbox = try await TestOutbox()
        let ledger = try LossLedger(outbox.configuration, logger: TestOutbox.quiet)
        ledger.note(Self.losses[0])
        async let running: Void = ledger.run()
        try await onThread {
            try outbox.connect().waits(for: "EXISTS (SELECT FROM outbox_relay.record_loss)")
        }
        ledger.note(Self.losses[1])
        ledger.note(Self.losses[2])
        ledger.stop()
        try await running
        let kept = try await onThread { try Self.kept(outbox) }
        #expect(kept.first == "reset orders 3 0 51200 all")
        #expect(
            kept.sorted() == ["database o'dd 0 7 12 3", "deleted orders 4 9 500 all", "reset orders 3 0 51200 all"])
    }

    /// Nothing is lost, and nothing is written twice, while the database is away.
    @Test func aDatabaseThatIsAwayIsWaitedFor() async throws {
        let outbox = try await TestOutbox()
        let port = try await TestPostgres.shared.port
        let proxy = try TestProxy(target: port)
        var configuration = outbox.configuration
        configuration.postgres.url = configuration.postgres.url.replacing(":\(port)/", with: ":\(proxy.port)/")
        proxy.set(.refuse)
        let ledger = try LossLedger(configuration, logger: TestOutbox.quiet)
        async let running: Void = ledger.run()
        for loss in Self.losses { ledger.note(loss) }
        try await onThread {
            #expect(try Self.kept(outbox).isEmpty)
            proxy.set(.forward)
            try outbox.connect().waits(for: "(SELECT count(*) = 3 FROM outbox_relay.record_loss)")
        }
        ledger.stop()
        try await running
        let kept = try await onThread { try Self.kept(outbox) }
        #expect(kept.count == 3)
    }

    /// A relay of this release on a schema of an earlier one.
    @Test func aSchemaWithoutTheTableIsNoFault() async throws {
        let outbox = try await TestOutbox()
        try await onThread { try outbox.connect().execute("DROP TABLE outbox_relay.record_loss") }
        let ledger = try LossLedger(outbox.configuration, logger: TestOutbox.quiet)
        ledger.note(Self.losses[0])
        ledger.stop()
        try await ledger.run()
    }
}

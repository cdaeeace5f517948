import Postgres
import TestKit
import Testing

@testable import Outbox

/// The conditions on the epoch, each in a place where nothing else protects from a leader that was replaced.
struct FenceTests {
    /// The row's place usually tells a former leader that the row was moved. A row that comes back to its old place, as
    /// it does when it has changed to its twin table and back, leaves the epoch alone to tell.
    @Test(arguments: Move.allCases)
    func aFormerLeaderDoesNotMoveARowThatCameBackToItsOldPlace(_ move: Move) async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let connection = try outbox.connect()
            #expect(try Self.comeBack(connection, epoch: 1) == "(0,1)")
            let store = try CheckpointStore(
                connection, statements: CheckpointStatements(schema: "outbox_relay"), epoch: 1)
            #expect(try Self.comeBack(connection, epoch: 2) == "(0,1)")
            try connection.insertRow("a", 0)
            #expect { try move.make(store) } throws: { ($0 as? OutboxError)?.code == .fenced }
            let stored = try CheckpointStore.Stored.load(
                connection, CheckpointStatements(schema: "outbox_relay"))
            #expect(stored.checkpoint.cut == 0 && stored.checkpoint.drainedThrough == 0)
            #expect(stored.place == "(0,1)", "the row was moved")
        }
    }

    /// Behind a pooler no backend is ended: the epoch alone keeps a former leader from prolonging the lease of another.
    @Test func aFormerLeaderDoesNotRenewTheLeaseOfTheNewOne() async throws {
        var made = try await TestOutbox()
        made.pollInterval = .milliseconds(2)
        let outbox = made
        try await onThread {
            let connection = try outbox.connect()
            let former = try LeadConnection(outbox.configuration)
            #expect(try former.tryToLead())
            try connection.execute("SELECT setval('outbox_relay.lease', 0)")
            let heir = try LeadConnection(outbox.configuration)
            #expect(try heir.tryToLead())
            let lease = PostgresStatement("SELECT last_value FROM outbox_relay.lease")
            let before = try connection.query(lease).int64(0, 0)
            #expect { try former.renewLease() } throws: { ($0 as? OutboxError)?.code == .fenced }
            #expect(try connection.query(lease).int64(0, 0) == before)
            try heir.renewLease()
        }
    }

    /// The moves of the checkpoint that name an epoch.
    enum Move: CaseIterable {
        case advance, advanceHolding, save, hold

        func make(_ store: CheckpointStore) throws {
            var held = HeldBatch()
            if self == .hold || self == .advanceHolding {
                held.hold(1, OutboxKey(aggregateType: "o", aggregateID: "a"))
            }
            switch self {
            case .advance, .advanceHolding: _ = try store.advance(holding: held)
            case .save: try store.save(through: 1, holding: held)
            case .hold: try store.hold(held)
            }
        }
    }

    /// Puts the row with this epoch at the beginning of its table, and says where it is.
    private static func comeBack(_ connection: PostgresConnection, epoch: Int64) throws -> String {
        try connection.transaction {
            try connection.execute(
                """
                CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM outbox_relay.checkpoint_0;
                UPDATE kept SET epoch = \(epoch);
                TRUNCATE outbox_relay.checkpoint_0;
                INSERT INTO outbox_relay.checkpoint_0 SELECT * FROM kept
                """)
        }
        return try connection.query("SELECT ctid::text FROM outbox_relay.checkpoint_0").string(0, 0)
    }
}

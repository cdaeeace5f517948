import Outbox
import OutboxAdoption
import Postgres
import TestKit
import Testing

@testable import Operations

/// The roles of services and operators: what each must not do, tried as that role, and what each needs. The end-to-end
/// tests run every service under its role.
@Suite struct ServiceRoleTests {
    private static let event = """
        INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data)
        VALUES (gen_random_uuid(), 'a', 0, 'order', 't', 'x')
        """
    private static let row = """
        INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
        VALUES ('order', 'a', 0, 't', 'x')
        """

    /// What no role but the owner may do, whatever its purpose.
    private static let refusedToAll = [
        "UPDATE event SET event_data = 'y'", "DELETE FROM event", "TRUNCATE event",
        "UPDATE outbox SET payload = 'y'", "DELETE FROM outbox", "UPDATE outbox_0 SET payload = 'y'",
        "INSERT INTO outbox (outbox_id) OVERRIDING SYSTEM VALUE VALUES (1)",
        "INSERT INTO outbox (transaction_id) VALUES ('1')", "DROP TABLE order_projection",
        "ALTER TABLE event ADD COLUMN x int", "CREATE TABLE mine ()", "CREATE TABLE outbox_relay.mine ()",
        "CREATE ROLE mine", "DELETE FROM outbox_relay.decision", "UPDATE outbox_relay.decision SET reason = 'y'",
        "DELETE FROM schema_migration", "SELECT order_projection_rebuild_share()",
        "INSERT INTO outbox_relay.decision (action, reason, decided_by) VALUES ('skip', 'r', 'somebody')",
    ]
    private static let checkpoint = [
        "UPDATE outbox_relay.checkpoint_0 SET drained_through = 1", "TRUNCATE outbox_relay.checkpoint_0",
        "DELETE FROM outbox_relay.checkpoint_0", "SELECT setval('outbox_relay.lease', 1)",
        "UPDATE outbox_relay.relay SET system_identifier = 1",
    ]

    private static let refused: [ServiceRole: [String]] = [
        .server: checkpoint + [
            "SELECT FROM outbox_relay.source", "SELECT FROM outbox_relay.checkpoint", "SELECT FROM outbox_relay.parked",
            "SELECT payload FROM outbox", "UPDATE idempotency_key SET order_id = 'y'",
            "UPDATE order_projection SET customer_id = 'y'", "SELECT FROM payment_retry",
            "SELECT order_projection_rebuild_switch()", "TRUNCATE outbox_0",
        ],
        .projector: checkpoint + [
            event, row, "SELECT FROM outbox_relay.source", "SELECT FROM idempotency_key", "SELECT FROM outbox",
            "DELETE FROM order_projection", "TRUNCATE order_projection",
            "UPDATE payment_mark SET settled_before = now()",
            "INSERT INTO order_projection_rebuild (orders_per_second, reason) VALUES (1, 'r')",
        ],
        .payments: checkpoint + [
            "SELECT FROM outbox_relay.source", "SELECT FROM idempotency_key", "SELECT payload FROM outbox",
            "SELECT FROM order_projection", "SELECT order_projection_rebuild_discard()",
        ],
        .relay: [event, row, "SELECT FROM event", "SELECT FROM idempotency_key", "SELECT FROM order_projection"],
        .reader: checkpoint + [
            event, row, "UPDATE outbox_relay.held SET skipped = true", "SELECT FROM idempotency_key",
            "UPDATE outbox_relay.parked SET release_asked_at = now()",
            "UPDATE outbox_relay.relay SET paused_at = now()",
            "INSERT INTO outbox_relay.decision (action, reason) VALUES ('skip', 'r')",
            "INSERT INTO order_projection_rebuild (orders_per_second, reason) VALUES (1, 'r')",
        ],
        .operator: checkpoint + [
            event, row, "DELETE FROM outbox_relay.parked", "DELETE FROM outbox_relay.held",
            "UPDATE outbox_relay.parked SET error = 'y'", "SELECT FROM idempotency_key",
            "UPDATE order_projection SET customer_id = 'y'", "UPDATE order_projection_rebuild SET is_switched = true",
        ],
    ]

    @Test(arguments: ServiceRole.allCases)
    func itIsRefusedWhatIsNotItsOwn(_ role: ServiceRole) async throws {
        let database = try await RoleDatabase()
        try await onThread {
            let connection = try database.connect(role)
            for sql in Self.refusedToAll + (Self.refused[role] ?? []) {
                var code: String? = "none"
                do throws(PostgresError) { try connection.execute(sql) } catch { code = error.sqlState }
                #expect(code == SQLState.insufficientPrivilege, "\(role) \(sql)")
            }
        }
    }

    /// The same of every relation that there is, as Postgres knows the rights: a table that comes later is meant, too.
    @Test func onlyTheRelayWritesWhatOrderDependsOn() async throws {
        let database = try await RoleDatabase()
        try await onThread {
            let owner = try database.connect()
            for role in ServiceRole.allCases {
                let rows = try owner.query(
                    """
                    SELECT c.oid::regclass::text, p.privilege
                    FROM pg_class AS c CROSS JOIN unnest('{UPDATE,DELETE,TRUNCATE}'::text[]) AS p (privilege)
                    WHERE c.relkind IN ('r', 'p', 'v')
                      AND c.relnamespace::regnamespace::text IN ('public', 'outbox_relay')
                      AND (c.relname ~ '^(event|outbox|outbox_[0-9]|checkpoint.*|source|decision|record_loss|amended)$'
                           OR c.relname = 'schema_migration')
                      AND (has_table_privilege($1, c.oid, p.privilege)
                           OR p.privilege = 'UPDATE' AND has_any_column_privilege($1, c.oid, 'UPDATE'))
                    ORDER BY c.oid::regclass::text, p.privilege
                    """, [.text(database.name(role))])
                let rights = try (0..<rows.count).map { "\(try rows.string($0, 0)) \(try rows.string($0, 1))" }
                let leaves = (0...5).map { "outbox_\($0) TRUNCATE" }
                let twins = (0...1).flatMap { twin in
                    ["TRUNCATE", "UPDATE"].map { "outbox_relay.checkpoint_\(twin) \($0)" }
                }
                #expect(rights == (role == .relay ? leaves + twins : []), "\(role)")
            }
        }
    }

    @Test func anOperatorActsAndAReaderLooks() async throws {
        let outbox = try await OperatedOutbox()
        let ids = try await outbox.park("big")
        let other = try await outbox.park("other")
        let database = try await RoleDatabase(outbox.postgres)
        try await onThread {
            let reader = try OperatorDesk(database.connect(.reader))
            #expect(try reader.event(ids[0])?.isHeld == true)
            #expect(throws: PostgresError.self) { try reader.skip([ids[0]], reason: "no") }
            let desk = try OperatorDesk(database.connect(.operator), caller: "ada")
            _ = try desk.skip([ids[0]], reason: "too large")
            _ = try desk.edit(ids[1], payload: Array("mended".utf8), headers: nil, reason: "wrong")
            _ = try desk.pause(reason: "a look")
            _ = try desk.resume(reason: "seen")
            let rebuild = try desk.beginRebuild(ordersPerSecond: 10, reason: "a drill")
            _ = try desk.stopRebuild(rebuild.rebuildId, reason: "enough")
            let bulk = try desk.beginBulk(
                .skip, ParkedFilter(aggregateType: "letter", aggregateId: "other"), rows: .all, reason: "all")
            let runner = try OperatorDesk(database.connect(.operator), caller: "ada")
            try runner.runBulk(bulk.bulkId)
            try outbox.connect().waits(for: "ended_at IS NOT NULL FROM outbox_relay.bulk")
            #expect(try reader.event(other[2])?.state == .skipped)
            _ = try desk.release(ParkedFilter(aggregateType: "letter", aggregateId: "big"), reason: "mended")
            let decisions = try reader.decisions().filter { $0.caller == "ada" }
            #expect(Set(decisions.map(\.action)) == ["skip", "edit", "pause", "resume", "rebuild", "release"])
            #expect(decisions.allSatisfy { $0.decidedBy == database.name(.operator) })
        }
        try await outbox.withRelay { connection in
            try connection.waits(for: "NOT EXISTS (SELECT FROM outbox_relay.parked WHERE aggregate_id = 'big')")
            try connection.waitsUntilDrained()
            let desk = try OperatorDesk(database.connect(.operator), caller: "ada")
            var filter = EventFilter()
            filter.aggregateType = "letter"
            filter.aggregateId = "big"
            let replay = try desk.beginReplay(filter, rowsPerSecond: 1_000, reason: "once more")
            try desk.runReplay(replay.replayId)
            try connection.waits(for: "ended_at IS NOT NULL FROM outbox_relay.replay")
            let reader = try OperatorDesk(database.connect(.reader))
            #expect(try reader.replay(replay.replayId)?.copied == 2)
        }
    }

    /// The functions that replace the read model work with their owner's rights, on the tables that they mean.
    @Test func aProjectorRebuildsWhatItDoesNotOwn() async throws {
        let database = try await RoleDatabase()
        try await onThread {
            let projector = try database.connect(.projector)
            // A table of the caller's own with the same name is not taken for the live one.
            try projector.execute("CREATE TEMPORARY TABLE order_projection (mine int)")
            try projector.execute("SELECT order_projection_rebuild_prepare()")
            try projector.execute(
                """
                INSERT INTO order_projection_shadow
                    (order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
                     payment_method, payment_status, shipping_status, created_at, updated_at)
                VALUES ('a', 0, 'c', 'v', 'p', 1, 1, 'CREDIT_CARD', 1, 1, now(), now());
                SELECT order_projection_rebuild_analyze();
                SELECT order_projection_rebuild_switch()
                """)
            #expect(try database.connect(.server).query("SELECT count(*) FROM order_projection").int64(0, 0) == 1)
            let analyzed: PostgresStatement =
                "SELECT reltuples::bigint FROM pg_class WHERE relname = 'order_projection' AND relpersistence = 'p'"
            #expect(try database.connect().query(analyzed).int64(0, 0) == 1)
            try database.connect(.projector).execute("UPDATE order_projection SET customer_id = 'd'")
        }
    }

    @Test func servicesOfTheOrdersNeedTheirTables() async throws {
        let url = try await TestPostgres.emptyDatabase()
        try await onThread {
            let owner = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            #expect(throws: OutboxError.self) {
                try ServiceRole.server.script(named: "r", owner, schema: "outbox_relay")
            }
            try owner.execute("CREATE TABLE t (id uuid, aggregatetype text, aggregateid text, type text, payload text)")
            _ = try Adoption(owner, AdoptionOptions(table: "t")).apply { _ in }
            let error = #expect(throws: OperatorError.self) {
                try ServiceRole.server.script(named: "r", owner, schema: "outbox_relay")
            }
            #expect(error?.description.contains("run outboxctl migrate first") == true)
            let role = "operator_\(UInt32.random(in: 0 ... .max))"
            try owner.execute(ServiceRole.operator.script(named: role, owner, schema: "outbox_relay"))
            try owner.execute("SET ROLE \(role)")
            _ = try OperatorDesk(owner, caller: "ada").pause(reason: "a look")
        }
    }
}

/// A migrated database with a role for each purpose. Roles belong to the whole server, which other tests use too.
struct RoleDatabase: Sendable {
    private let postgres: PostgresConfiguration
    private let prefix = "roles_\(UInt64.random(in: 0 ... .max))"

    init(_ postgres: PostgresConfiguration? = nil) async throws {
        let given = if let postgres { postgres } else { try await TestPostgres.configuration() }
        self.postgres = given
        let made = self
        try await onThread {
            let owner = try made.connect()
            for role in ServiceRole.allCases {
                // Twice: it does no harm.
                for _ in 0..<2 { try owner.execute(role.script(named: made.name(role), owner, schema: "outbox_relay")) }
            }
        }
    }

    func name(_ role: ServiceRole) -> String { "\(prefix)_\(role.rawValue)" }

    /// - Parameter role: nil for the owner.
    func connect(_ role: ServiceRole? = nil) throws -> PostgresConnection {
        var configuration = postgres
        if let role { configuration.url = configuration.url.replacing("postgres@", with: "\(name(role))@") }
        return try PostgresConnection(configuration)
    }
}

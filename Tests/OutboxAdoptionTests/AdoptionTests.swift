import Postgres
import TestKit
import Testing
import Values

@testable import Outbox
@testable import OutboxAdoption

@Suite struct AdoptionTests {
    @Test func nothingIsLostOrTurnedRoundWhileWritersGoOn() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread {
            let connection = try outbox.connect()
            for version in 0..<200 { try connection.insertForeign("early", version) }
        }
        let isAdopted = Flag()
        let written = try await withThrowingTaskGroup(of: (String, Int).self) { group in
            for writer in 0..<4 {
                group.addTask {
                    try await onThread {
                        let connection = try outbox.connect()
                        var version = 0
                        var after = 0
                        while after < 50 {
                            try connection.insertForeign("a\(writer)", version)
                            version += 1
                            if isAdopted.isSet { after += 1 }
                        }
                        return ("a\(writer)", version)
                    }
                }
            }
            defer { isAdopted.set() }
            try await outbox.adopt(.publish)
            isAdopted.set()
            var written = ["early": 200]
            for try await (aggregate, versions) in group { written[aggregate] = versions }
            return written
        }
        let total = written.values.reduce(0, +)
        #expect(try await outbox.relays(total))
        #expect(outbox.topic.messages.count == total)
        for (aggregate, versions) in written {
            #expect(outbox.arrived[aggregate] == (0..<Int64(versions)).map { $0 }, "\(aggregate)")
        }
    }

    @Test func existingRowsCanCountAsPublished() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread { try outbox.connect().insertForeign("a", 0) }
        try await outbox.adopt(.skip)
        try await onThread { try outbox.connect().insertForeign("a", 1) }
        #expect(try await outbox.relays(1))
        #expect(outbox.arrived == ["a": [1]])
    }

    @Test func adoptingTwiceChangesNothingAndRewritesNothing() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread { try outbox.connect().insertForeign("a", 0) }
        let before = try await Self.picture(outbox)
        #expect(try await outbox.adopt(.skip) > 0)
        let once = try await Self.picture(outbox)
        #expect(before.file == once.file)
        #expect(try await outbox.adopt(.skip) == 0)
        #expect(try await Self.picture(outbox) == once)
    }

    private struct Picture: Equatable {
        var file: Int64
        var objects: String
    }

    /// The file the table lies in, and every object of the database with its row version.
    private static func picture(_ outbox: ForeignOutbox) async throws -> Picture {
        try await onThread {
            let rows = try outbox.connect().query(
                """
                SELECT pg_relation_filenode('app.outbox')::bigint,
                       (SELECT string_agg(format('%s %s %s', oid, xmin, relname), ', ' ORDER BY oid) FROM pg_class
                        WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('app', 'outbox_relay')))
                """)
            return Picture(file: try rows.int64(0, 0), objects: try rows.string(0, 1))
        }
    }

    @Test func waitsForAGapWithoutHoldingUpWriters() async throws {
        let outbox = try await ForeignOutbox()
        let reports = try await onThread {
            let holder = try outbox.connect()
            try holder.execute("BEGIN")
            try holder.insertForeign("held", 0)
            var reports: [String] = []
            _ = try Adoption(outbox.connect(), outbox.options).apply { report in
                reports.append(report)
                // The lock was not granted and is not waited for: a writer gets through, then the holder ends.
                guard report.contains("in use") else { return }
                #expect(throws: Never.self) {
                    try outbox.connect().insertForeign("passing", 0)
                    try holder.execute("COMMIT")
                }
            }
            return reports
        }
        #expect(reports.contains { $0.contains("in use") })
        #expect(try await outbox.relays(2))
        #expect(outbox.arrived == ["held": [0], "passing": [0]])
    }

    /// A chunk of a backlog reads its own rows only: the view is no barrier between the index and the limit.
    @Test(arguments: [
        "version int NOT NULL, created_at timestamptz NOT NULL DEFAULT now()", "version int NOT NULL, tenant text",
    ])
    func aChunkIsReadByTheIndexAlone(columns: String) async throws {
        let foreign = try await ForeignOutbox(extra: columns)
        try await foreign.adopt()
        try await onThread {
            let connection = try foreign.connect()
            try connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
            let plan = try connection.query(
                """
                EXPLAIN SELECT * FROM outbox_relay.source WHERE outbox_id > 0 AND (transaction_id >= '3'::xid8) IS TRUE
                ORDER BY outbox_id LIMIT 5
                """)
            let lines = try (0..<plan.count).map { try plan.string($0, 0) }
            #expect(lines.contains { $0.contains("Index Scan") })
            #expect(
                !lines.contains { $0.contains("Sort") || $0.contains("Subquery") }, "\(lines.joined(separator: "\n"))")
        }
    }

    @Test func wakesASleepingRelay() async throws {
        let outbox = try await ForeignOutbox()
        try await outbox.adopt()
        let relay = try outbox.relay { $0.pollCeiling = .seconds(3600) }
        let hasArrived = try await withRelay(relay) {
            try await onThread {
                let connection = try outbox.connect()
                let isAsleep = PostgresStatement("SELECT is_asleep FROM outbox_relay.relay_state")
                while try !connection.query(isAsleep).bool(0, 0) {}
                try connection.insertForeign("a", 0)
                return outbox.topic.wait { $0.count == 1 }
            }
        }
        #expect(hasArrived)
    }

    @Test func oneDatabaseMayHaveSeveralOutboxes() async throws {
        let outbox = try await ForeignOutbox()
        try await outbox.adopt()
        try await outbox.execute("CREATE TABLE app.other (LIKE app.outbox INCLUDING DEFAULTS)")
        try await outbox.execute("ALTER TABLE app.other DROP outbox_id, DROP transaction_id")
        try await onThread {
            var options = AdoptionOptions(table: "app.other")
            options.schema = "other_relay"
            options.columns = ["sequence_number": "version"]
            _ = try Adoption(outbox.connect(), options).apply { _ in }
            try outbox.connect().execute(
                """
                INSERT INTO app.other (id, aggregatetype, aggregateid, type, version)
                VALUES (gen_random_uuid(), 'o', 'b', 't', 7)
                """
            )
            try outbox.connect().insertForeign("a", 0)
        }
        #expect(try await outbox.relays(1) { $0.schema = "other_relay" })
        #expect(outbox.arrived == ["b": [7]])
    }

    @Test func relaysWithNothingButTheRole() async throws {
        let outbox = try await ForeignOutbox()
        try await outbox.adopt()
        // Roles belong to the whole server, which other tests use too.
        let role = "relay_\(UUIDBytes.v7().description.filter { $0 != "-" })"
        try await onThread {
            let owner = try outbox.connect()
            try owner.execute(RelayRole(named: role, owner, schema: "outbox_relay").script)
            // Twice does no harm.
            try owner.execute(RelayRole(named: role, owner, schema: "outbox_relay").script)
            try owner.insertForeign("a", 0)
        }
        let url = outbox.postgres.url.replacing("postgres@", with: "\(role)@")
        let restricted = PostgresConfiguration(url: url, applicationName: "tests")
        #expect(try await outbox.relays(1) { $0.postgres = restricted })
        try await onThread {
            let connection = try PostgresConnection(restricted)
            for sql in [
                "SELECT FROM app.outbox", "DELETE FROM outbox_relay.source",
                "INSERT INTO outbox_relay.relay DEFAULT VALUES",
            ] {
                #expect(throws: PostgresError.self, "\(sql)") { try connection.execute(sql) }
            }
        }
    }
}

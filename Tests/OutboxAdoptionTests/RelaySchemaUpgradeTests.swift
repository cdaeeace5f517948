import Outbox
import Postgres
import TestKit
import Testing
import Values

@testable import OutboxAdoption

/// Upgrades under a running relay.
@Suite struct RelaySchemaUpgradeTests {
    @Test func aRelayThatRunsGoesOn() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread { try RelaySchemaTests.Fixture.unversioned.run(outbox.connect()) }
        let total = 400
        let hasArrived = try await withRelay(outbox.relay { $0.pollCeiling = .milliseconds(50) }) {
            async let written: Void = onThread {
                let connection = try outbox.connect()
                for version in 0..<total { try connection.insertForeign("a", version) }
            }
            let steps = try await outbox.adopt()
            #expect(steps == 1)
            try await written
            return try await onThread { outbox.topic.wait { $0.count >= total } }
        }
        #expect(hasArrived)
        #expect(outbox.arrived == ["a": (0..<Int64(total)).map { $0 }])
    }

    /// The oldest schema lacks what this relay needs: it waits, says what to do, and goes on by itself.
    @Test func aRelayThatWaitsForTheUpgradeGoesOn() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread {
            try RelaySchemaTests.Fixture.oldest.run(outbox.connect())
            try outbox.connect().insertForeign("a", 0)
        }
        let hasArrived = try await withRelay(outbox.relay()) {
            try await onThread {
                let connection = try outbox.connect()
                while try connection.query("SELECT max(epoch) FROM outbox_relay.checkpoint").int64(0, 0) == 0 {}
                #expect(outbox.topic.messages.isEmpty)
                #expect(try RelaySchemaUpgrade(connection, schema: "outbox_relay").apply().count == 7)
                return outbox.topic.wait { $0.count == 1 }
            }
        }
        #expect(hasArrived)
    }

    /// A schema from before: the relay says what to do, and adopting again is all it takes.
    @Test func anOlderAdoptedSchemaIsBroughtUp() async throws {
        let outbox = try await ForeignOutbox()
        try await outbox.adopt()
        try await outbox.execute(
            """
            ALTER TABLE outbox_relay.parked DROP COLUMN retry_at;
            DROP TABLE outbox_relay.schema_version, outbox_relay.record_loss
            """)
        let relay = try outbox.relay()
        try await withRelay(relay) {
            try await onThread {
                let deadline = ContinuousClock.now + .seconds(60)
                while relay.status.now.trouble?.contains("run outboxctl upgrade") != true {
                    guard .now < deadline else { throw TestFailure("the relay did not say what to do") }
                }
            }
        }
        #expect(try await outbox.adopt() == 1)
        #expect(try await outbox.adopt() == 0)
    }

    /// A role that was made for the relay before may do what the new version needs.
    @Test func theRelaysRoleMayRecordLosses() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread { try RelaySchemaTests.Fixture.unversioned.run(outbox.connect()) }
        let role = "relay_\(UUIDBytes.v7().description.filter { $0 != "-" })"
        try await outbox.execute("CREATE ROLE \(role); GRANT INSERT ON outbox_relay.decision TO \(role)")
        try await onThread {
            let connection = try outbox.connect()
            _ = try RelaySchemaUpgrade(connection, schema: "outbox_relay").apply()
            let rights = try connection.query(
                """
                SELECT has_table_privilege($1, 'outbox_relay.record_loss', 'INSERT'),
                       has_table_privilege($1, 'outbox_relay.record_loss', 'DELETE')
                """, [.text(role)])
            #expect(try rights.bool(0, 0))
            #expect(try !rights.bool(0, 1))
        }
    }

    /// Several at once, as in a rollout: one works, the others find nothing to do.
    @Test func severalUpgradesAtOnceAreOne() async throws {
        let outbox = try await ForeignOutbox()
        try await onThread { try RelaySchemaTests.Fixture.oldest.run(outbox.connect()) }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await onThread {
                        try RelaySchemaUpgrade(outbox.connect(), schema: "outbox_relay").apply().count
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.sorted() == [0, 0, 0, 7])
    }
}

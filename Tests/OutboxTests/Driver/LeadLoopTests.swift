import Postgres
import TestKit
import Testing

@testable import Outbox

struct LeadLoopTests {
    @Test func ofTwoRelaysOnePublishesAndTheOtherTakesOver() async throws {
        let outbox = try await TestOutbox()
        let second = try outbox.relay()
        try await withRelay(try outbox.relay()) {
            try await publish(outbox, 0)
            async let standby: Void = second.run()
            try await onThread { try waitForCandidates(outbox, 2) }
            try await publish(outbox, 1)
            second.stop()
            try await standby
        }
        #expect(Set(outbox.topic.messages.map(\.epoch)).count == 1)
        try await withRelay(try outbox.relay()) { try await publish(outbox, 2) }
        #expect(outbox.topic.messages.map(\.sequence) == [0, 1, 2])
    }

    @Test func aStoppedLeaderIsReplacedWhenItsLeaseIsOverAndCannotMoveTheCheckpoint() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            var configuration = outbox.configuration
            configuration.lease = .milliseconds(300)
            // A leader that, like a process under SIGSTOP, keeps its connections and does nothing.
            let zombie = try LeadConnection(configuration)
            #expect(try zombie.tryToLead())
            let store = try CheckpointStore(
                outbox.connect(), statements: CheckpointStatements(schema: "outbox_relay"), epoch: zombie.epoch)
            let heir = try LeadConnection(configuration)
            var tries = 0
            while try !heir.tryToLead() {
                tries += 1
                #expect(tries < 500)
                try heir.connection.execute("SELECT pg_sleep(0.02)")
            }
            #expect(heir.epoch == zombie.epoch + 1)
            // The zombie continues on a connection that was not ended: the epoch stops it.
            try outbox.connect().insertRow("a", 0)
            #expect { try store.advance(holding: HeldBatch()) } throws: { ($0 as? OutboxError)?.code == .fenced }
            #expect(throws: (any Error).self) { try zombie.renewLease() }
        }
    }

    /// With the session of a relay that sleeps would go its lead.
    @Test func theServerKeepsIdleSessionsOfARelay() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let name = outbox.postgres.url.split(separator: "/").last ?? ""
            try outbox.connect().execute("ALTER DATABASE \(name) SET idle_session_timeout = '1s'")
            for configuration in [outbox.configuration.leadConnection, outbox.configuration.workConnection] {
                #expect(try PostgresConnection(configuration).query("SHOW idle_session_timeout").string(0, 0) == "0")
            }
        }
    }

    /// The new leader may have published rows that the old one held, and does not know that their key is parked.
    @Test func aLeaderThatWasReplacedStoresNoRowsThatItHolds() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let lead = try LeadConnection(outbox.configuration)
            #expect(try lead.tryToLead())
            let connection = try outbox.connect()
            let store = try CheckpointStore(
                connection, statements: CheckpointStatements(schema: "outbox_relay"), epoch: lead.epoch)
            var held = HeldBatch()
            let key = OutboxKey(aggregateType: "order", aggregateID: "a")
            held.park(key, 1, "MSG_SIZE_TOO_LARGE", retryAfter: nil)
            held.hold(1, key)
            try connection.execute(
                """
                UPDATE outbox_relay.checkpoint_0 SET epoch = epoch + 1; UPDATE outbox_relay.checkpoint_1 SET epoch =
                epoch + 1
                """
            )
            let moves: [() throws -> Void] = [
                { _ = try store.advance(holding: held) }, { try store.save(through: 1, holding: held) },
                { try store.hold(held) },
            ]
            for move in moves {
                #expect { try move() } throws: { ($0 as? OutboxError)?.code == .fenced }
            }
            let stored = try connection.query(
                "SELECT (SELECT count(*) FROM outbox_relay.parked) + (SELECT count(*) FROM outbox_relay.held)")
            #expect(try stored.int64(0, 0) == 0)
        }
    }

    /// The worst moment to be stopped at: in the middle of changing the checkpoint's twin.
    @Test func aLeaderStoppedInATransactionHoldsUpNoWriter() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            var configuration = outbox.configuration
            configuration.lease = .milliseconds(300)
            let zombie = try LeadConnection(configuration)
            #expect(try zombie.tryToLead())
            let work = try WorkConnection.open(configuration).connection
            try work.execute("BEGIN; TRUNCATE outbox_relay.checkpoint_1; LOCK TABLE outbox_relay.checkpoint_0")
            let heir = try LeadConnection(configuration)
            while try !heir.tryToLead() { try heir.connection.execute("SELECT pg_sleep(0.02)") }
            #expect(heir.epoch == zombie.epoch + 1)
            #expect(throws: PostgresError.self) { try work.execute("COMMIT") }
        }
    }

    @Test func aLeaderThatRenewsIsNotReplaced() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let leader = try LeadConnection(outbox.configuration)
            #expect(try leader.tryToLead())
            let other = try LeadConnection(outbox.configuration)
            for _ in 0..<3 { #expect(try !other.tryToLead()) }
            try leader.renewLease()
        }
    }

    @Test func aRelayWhoseConnectionsAreCutComesBack() async throws {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay()) {
            for sequence in 0..<4 as Range<Int64> {
                try await publish(outbox, sequence)
                try await onThread {
                    try outbox.connect().execute(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE
                        'outbox-relay%' AND datname = current_database()
                        """
                    )
                }
            }
        }
        #expect(Set(outbox.topic.messages.map(\.sequence)) == [0, 1, 2, 3])
    }

    @Test func twoTwinsTakeTurns() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let lead = try LeadConnection(outbox.configuration)
            #expect(try lead.tryToLead())
            let connection = try outbox.connect()
            let store = try CheckpointStore(
                connection, statements: CheckpointStatements(schema: "outbox_relay"), epoch: lead.epoch)
            for id in 1...Int64(OutboxLimits.movesPerCheckpointTwin) {
                try store.save(through: id, holding: HeldBatch())
            }
            let rows = try connection.query(
                """
                SELECT twin, drained_through, pg_relation_size('outbox_relay.checkpoint_0') FROM
                outbox_relay.checkpoint
                """
            )
            #expect(rows.count == 1)
            #expect(try rows.int32(0, 0) == 1)
            #expect(try rows.int64(0, 1) == Int64(OutboxLimits.movesPerCheckpointTwin))
            #expect(try rows.int64(0, 2) == 0)
            try store.save(through: 9_000, holding: HeldBatch())
        }
    }

    private func publish(_ outbox: TestOutbox, _ sequence: Int64) async throws {
        try await onThread {
            try outbox.connect().insertRow("a", sequence)
            #expect(outbox.topic.wait { $0.contains { $0.sequence == sequence } })
        }
    }
}

/// Blocks until `count` relays are connected, leading or standing by.
private func waitForCandidates(_ outbox: TestOutbox, _ count: Int64) throws {
    try outbox.connect().waits(
        for: """
            count(*) >= \(count) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'outbox-relay lead'
            """)
}

import Postgres
import TestKit
import Testing

@testable import Outbox

/// No wake-up is ever lost: with the poll ceiling out of reach, every row must arrive by notification alone.
struct WakeUpTests {
    private static let noCeiling: @Sendable (inout RelayConfiguration) -> Void = { $0.pollCeiling = .seconds(3600) }

    /// With bursts, each of which wakes the relay up, so that it falls asleep several times.
    @Test(arguments: [0, 3])
    func everyRowArrivesWithoutPolling(bursts: Int) async throws {
        let outbox = try await TestOutbox()
        let writers = 4
        let rows: Int64 = 120
        try await withRelay(try outbox.relay(Self.noCeiling)) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<writers {
                    group.addTask {
                        try await onThread {
                            try write(outbox, "w\(writer)", rows, seed: CrashTests.seed &+ UInt64(writer))
                        }
                    }
                }
                group.addTask { try await onThread { try burst(outbox, bursts, seed: CrashTests.seed) } }
                try await group.waitForAll()
            }
            // Nothing is written any more: whatever was missed would stay missing.
            let expected = writers * Int(rows) + bursts * OutboxLimits.rowsUntilAwake
            #expect(outbox.topic.wait(seconds: 30) { $0.count >= expected }, "seed \(CrashTests.seed)")
            #expect(outbox.topic.messages.count == expected)
        }
    }

    /// Single rows with pauses about as long as falling asleep takes, so that each phase of it is met.
    private func write(_ outbox: TestOutbox, _ key: String, _ rows: Int64, seed: UInt64) throws {
        var random = SplitMix(seed)
        let connection = try outbox.connect()
        for sequence in 0..<rows {
            try connection.execute("BEGIN")
            try connection.insertRow(key, sequence)
            if Int.random(in: 0..<4, using: &random) == 0 { try pause(connection, 4, &random) }
            try connection.execute("COMMIT")
            if Int.random(in: 0..<3, using: &random) > 0 { try pause(connection, 12, &random) }
        }
    }

    /// As many rows in one statement as end every sleep, with pauses about as long as the time until the next.
    private func burst(_ outbox: TestOutbox, _ bursts: Int, seed: UInt64) throws {
        var random = SplitMix(seed &+ 101)
        let connection = try outbox.connect()
        for _ in 0..<bursts {
            try connection.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'order', gen_random_uuid()::text, 0, 'happened', 'x' FROM generate_series(1,
                    \(OutboxLimits.rowsUntilAwake))
                """)
            try pause(connection, 400, &random)
        }
    }

    private func pause(_ connection: PostgresConnection, _ milliseconds: Int, _ random: inout SplitMix) throws {
        try connection.execute("SELECT pg_sleep(\(Double(Int.random(in: 0...milliseconds, using: &random)) / 1000))")
    }

    @Test func aWriterThatIsOlderThanTheSleepIsNotMissed() async throws {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay(Self.noCeiling)) {
            try await onThread {
                let old = try outbox.connect()
                let observer = try outbox.connect()
                // Inserted while the relay is awake or unborn: this transaction will not notify, and the relay cannot
                // fall asleep before it has ended.
                try old.execute("BEGIN")
                try old.insertRow("old", 0)
                try observer.insertRow("new", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                #expect(try observer.query("SELECT is_asleep FROM relay_state").bool(0, 0) == false)
                try old.execute("COMMIT")
                #expect(outbox.topic.wait { $0.count == 2 })
                try observer.waitsUntilAsleep()
                try observer.insertRow("new", 1)
                #expect(outbox.topic.wait { $0.count == 3 })
            }
        }
    }

    /// Many rows at once end the relay's sleep: from then on writers try a lock that is free, and do not notify.
    @Test func awakeItLetsGoOfTheLock() async throws {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay(Self.noCeiling)) {
            try await onThread {
                let writer = try outbox.connect()
                try writer.waitsUntilAsleep()
                var isAsleep = true
                for burst in 0..<100 where isAsleep {
                    try writer.insertRows("burst-\(burst)", 0..<Int64(OutboxLimits.rowsUntilAwake))
                    isAsleep = try writer.query("SELECT is_asleep, pg_sleep(0.01) FROM relay_state").bool(0, 0)
                }
                #expect(!isAsleep)
            }
        }
    }

    @Test func writersDoNotNotifyWhileThereIsNoRelay() async throws {
        let outbox = try await TestOutbox()
        try await onThread {
            let listener = try outbox.connect()
            try listener.listen("outbox_relay")
            try outbox.connect().insertRow("a", 0)
            try listener.execute("SELECT 1")
            #expect(try listener.notifications().isEmpty)
        }
    }

    @Test func behindAPoolerItPollsAndLeadsByLeaseAlone() async throws {
        let outbox = try await TestOutbox()
        try await withRelay(try outbox.relay { $0.pollInterval = .milliseconds(20) }) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<5 as Range<Int64> { try writer.insertRow("a", sequence) }
                #expect(outbox.topic.wait { $0.count == 5 })
                let locks = try writer.query(
                    """
                    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM
                    pg_database WHERE datname = current_database())
                    """
                )
                #expect(try locks.int64(0, 0) == 0)
            }
        }
    }
}

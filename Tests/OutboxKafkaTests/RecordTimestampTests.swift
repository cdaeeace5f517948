import Kafka
import TestKit
import Testing
import Threads

@testable import OutboxKafka

/// Kafka deletes records by the time that they carry, and refuses times ahead of its own. A row may have any time.
struct RecordTimestampTests {
    @Test func rowsOlderThanTheTopicsRetentionAreReadable() async throws {
        let (records, table) = try await publish(100, written: "now() - interval '1 day'", retention: 60_000)
        #expect(records.count == 100)
        #expect(try await table.parked().isEmpty)
        let ages = records.compactMap(\.timestampMilliseconds).map { WallClock.microsecondsSince1970 / 1000 - $0 }
        #expect(ages.allSatisfy { $0 < 60_000 })
        // The row's own time is not lost.
        #expect(Set(records.map { $0.headerText("ce_time") }) == [try await Self.time(table)])
    }

    @Test func aRowThatIsAheadOfTheBrokersClockIsPublished() async throws {
        let (records, table) = try await publish(1, written: "now() + interval '2 hours'")
        #expect(records.count == 1)
        #expect(try await table.parked().isEmpty)
        #expect(records.first?.headerText("ce_time") == (try await Self.time(table)))
    }

    @Test func stampedWithTheRowsTimeAnOldRowIsReadableForHalfOfTheRetention() async throws {
        let (records, table) = try await publish(100, written: "now() - interval '1 day'", retention: 60_000) {
            $0.recordTimestamp = .created
        }
        #expect(records.count == 100)
        #expect(try await table.parked().isEmpty)
        let ages = records.compactMap(\.timestampMilliseconds).map { WallClock.microsecondsSince1970 / 1000 - $0 }
        #expect(ages.allSatisfy { 30_000 <= $0 && $0 < 60_000 })
    }

    @Test func stampedWithTheRowsTimeARowOfTheFutureIsStampedNow() async throws {
        let (records, table) = try await publish(1, written: "now() + interval '2 hours'") {
            $0.recordTimestamp = .created
        }
        let time = try #require(records.first?.timestampMilliseconds)
        #expect(time <= WallClock.microsecondsSince1970 / 1000)
        #expect(try await table.parked().isEmpty)
    }

    @Test func aRowThatTheTopicTakesKeepsItsTime() async throws {
        let (records, table) = try await publish(1, written: "'2026-01-31 12:00+00'", retention: -1) {
            $0.recordTimestamp = .created
        }
        #expect(records.first?.timestampMilliseconds == 1_769_860_800_000)
        #expect(try await table.parked().isEmpty)
    }

    /// The broker's own time replaces the row's, so that no row is too old for the topic.
    @Test func whereBrokersStampRecordsARowIsReadableWhateverItsTime() async throws {
        let (records, table) = try await publish(
            100, written: "now() - interval '1 day'", retention: 60_000,
            settings: ["message.timestamp.type": "LogAppendTime"]
        ) { $0.recordTimestamp = .created }
        #expect(records.count == 100)
        #expect(try await table.parked().isEmpty)
        let ages = records.compactMap(\.timestampMilliseconds).map { WallClock.microsecondsSince1970 / 1000 - $0 }
        #expect(ages.allSatisfy { $0 < 60_000 })
        #expect(Set(records.map { $0.headerText("ce_time") }) == [try await Self.time(table)])
    }

    @Test func aStampIsNeverAheadNorTooOldNorBefore1970() {
        let now: Int64 = 1_000_000_000
        #expect(RowStamps.stamp(999_999_999, now: now, age: 10) == 999_999)
        #expect(RowStamps.stamp(now + 1000, now: now, age: 10) == 1_000_000)
        #expect(RowStamps.stamp(0, now: now, age: 10) == 999_990)
        #expect(RowStamps.stamp(0, now: now, age: .max) == 1)
        #expect(RowStamps.stamp(-62_135_596_800_000_000, now: now, age: nil) == 1)
    }

    @Test(
        arguments: [
            (["cleanup.policy": "delete", "retention.ms": "60000"], 30_000),
            (["cleanup.policy": "compact", "retention.ms": "60000"], nil),
            (["cleanup.policy": "compact,delete", "retention.ms": "60000"], 30_000),
            (["cleanup.policy": "delete", "retention.ms": "-1"], nil),
            (["message.timestamp.before.max.ms": "9223372036854775807"], nil),
            (["cleanup.policy": "delete", "retention.ms": "60000", "message.timestamp.before.max.ms": "1000"], 500),
            (["message.timestamp.difference.max.ms": "1000"], 500),
            (["message.timestamp.before.max.ms": "1000", "message.timestamp.type": "LogAppendTime"], nil), ([:], nil),
        ] as [([String: String], Int64?)])
    func theGreatestAgeIsHalfOfWhatTheTopicTakes(settings: [String: String], age: Int64?) {
        #expect(TopicSettings(settings).greatestAge == age)
    }

    /// Many topics of a Kafka that does not answer must not hold up the rows one by one.
    @Test func aKafkaThatDoesNotAnswerIsNotAskedForEachTopic() {
        let bounds = StampBounds()
        let now = ContinuousClock.now
        let settings = TopicSettings(["message.timestamp.before.max.ms": "1000"])
        #expect(bounds.bound(of: "a", now: now) { _ throws(KafkaError) in settings }.age == 500)
        let later = now + StampBounds.recheck
        #expect(
            bounds.bound(of: "a", now: later) { _ throws(KafkaError) in throw KafkaError(.timedOut, "") }.age == 500)
        #expect(bounds.bound(of: "b", now: later) { _ throws(KafkaError) in settings }.age == nil)
        #expect(bounds.bound(of: "b", now: later + StampBounds.silence) { _ throws(KafkaError) in settings }.age == 500)
    }

    /// Publishes rows that were written at this time, an expression of SQL, beside a Kafka that looks at times.
    private func publish(
        _ count: Int, written time: String, retention: Int = 7 * 86_400_000, settings: [String: String] = [:],
        _ change: @escaping (inout KafkaPublisherConfiguration) -> Void = { _ in }
    ) async throws -> ([KafkaRecord], AdoptedTable) {
        let strict = TestKafka.isExternal ? nil : try await onThread { try StrictKafka() }
        defer { strict?.close() }
        let kafka = try strict.map { TestKafka($0) } ?? TestKafka()
        let table = try await AdoptedTable(payload: "text", on: kafka) { publisher, _ in change(&publisher) }
        try await table.execute(
            """
            INSERT INTO app.outbox (id, aggregatetype, aggregateid, type, payload, outbox_created_at)
            SELECT gen_random_uuid(), 'invoice', n::text, 'T', 'x', \(time) FROM generate_series(1, \(count)) AS n
            """)
        let settings = settings.merging(["retention.ms": "\(retention)"]) { given, _ in given }
        return (try await table.records(count, settings: settings), table)
    }

    /// The time of the table's rows as `ce_time` has it.
    private static func time(_ table: AdoptedTable) async throws -> String {
        try await table.text(
            """
            SELECT to_char(min(outbox_created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM app.outbox
            """)
    }
}

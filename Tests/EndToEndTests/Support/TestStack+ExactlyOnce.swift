import Foundation
import Kafka
import Outbox
import Postgres
import TestKit
import Testing

extension TestStack {
    /// Where the stack's relays keep their record.
    var checkpointTopic: String { kafka.topic("relay-checkpoints") }

    /// What tells a relay to deliver exactly once.
    var exactlyOnce: [String: String] { ["RELAY_DELIVERY": "exactly-once", "RELAY_CHECKPOINT_TOPIC": checkpointTopic] }

    /// The records of the stack's one outbox, oldest first.
    func deliveryRecords() async throws -> [DeliveryRecord] {
        let (kafka, topic) = (kafka.configuration, checkpointTopic)
        return try await onThread { try Self.deliveryRecords(kafka, topic) }
    }

    private static func deliveryRecords(_ kafka: KafkaConfiguration, _ topic: String) throws -> [DeliveryRecord] {
        try KafkaTopicReader(kafka, topic: topic).records(within: .seconds(60)).map { record in
            let text = String(decoding: record.value ?? [], as: UTF8.self)
            guard let found = DeliveryRecord(text) else { throw TestFailure("'\(text)' is no record") }
            return found
        }
    }
}

// MARK: - Dying ahead of the checkpoint

extension TestStack {
    /// Kills a relay when Kafka has committed what its checkpoint does not know: the checkpoint is held until the relay
    /// is dead.
    func killAheadOfItsCheckpoint(_ relay: ManagedProcess) async throws {
        let (database, kafka, topic) = (database, kafka.configuration, checkpointTopic)
        try await onThread {
            let connection = try PostgresConnection(database)
            let (cut, through) = try Self.holdCheckpointOfACut(connection)
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                if let record = try Self.deliveryRecords(kafka, topic).last, record.cut == cut, record.through > through
                {
                    break
                }
                guard .now < deadline else {
                    throw TestFailure("Kafka's record does not pass row \(through) of cut \(cut)")
                }
            }
            relay.signal(SIGKILL)
            // The dead relay's session waits for the checkpoint, and would still move it.
            try connection.query(Self.endWaiting)
            try connection.execute("ROLLBACK")
            #expect(try connection.query(Self.place).int64(0, 1) == through)
        }
        #expect(try await relay.exit() == 128 + SIGKILL)
    }

    private static let place: PostgresStatement =
        "SELECT cut, drained_through, draining IS NOT NULL FROM outbox_relay.checkpoint"

    private static let endWaiting: PostgresStatement = """
        SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity
        WHERE application_name = 'outbox-relay work' AND datname = current_database()
        """

    /// Takes hold of the checkpoint while a cut is being drained; which cut, and how far it is.
    private static func holdCheckpointOfACut(_ connection: PostgresConnection) throws -> (cut: Int64, through: Int64) {
        let deadline = ContinuousClock.now + .seconds(60)
        while .now < deadline {
            try connection.execute(
                "BEGIN; LOCK TABLE outbox_relay.checkpoint_0, outbox_relay.checkpoint_1 IN EXCLUSIVE MODE")
            let found = try connection.query(place)
            if try found.bool(0, 2) { return (try found.int64(0, 0), try found.int64(0, 1)) }
            try connection.execute("ROLLBACK")
        }
        throw TestFailure("no cut is being drained")
    }
}

// MARK: - The verdict

extension TestStack {
    /// When everything is drained: each row of this type is in Kafka once, each key's in their order, and Kafka's
    /// record is where the checkpoint is.
    ///
    /// - Returns: how many messages of transactions that were undone readers of committed messages do not see.
    @discardableResult
    func expectExactlyOnce(_ aggregateType: String) async throws -> Int {
        try await drained()
        try await expectInvariants()
        let deliveries = try await deliveryRecords()
        let records = try await records(kafka.topic(aggregateType))
        let published = Dictionary(grouping: records) { $0.keyText ?? "" }.mapValues {
            $0.compactMap { $0.headerText("id") }
        }
        let rows = Dictionary(grouping: try await query(Self.rows(of: aggregateType))) {
            String($0.prefix { $0 != " " })
        }
        // Each key's rows are compared, but only the keys told: they are thousands.
        let wrong = rows.keys.filter { key in
            !published[key, default: []].elementsEqual(
                rows[key, default: []].map { String($0.dropFirst(key.count + 1)) })
        }
        #expect(wrong.isEmpty, "\(records.count) messages, \(Set(published.values.joined()).count) of them different")
        let place = try await query(
            "SELECT cut || ' ' || (SELECT max(outbox_id) FROM outbox) FROM outbox_relay.checkpoint")
        #expect(deliveries.last.map { ["\($0.cut) \($0.through)"] } == place)
        return try await self.records(kafka.topic(aggregateType), isolation: "read_uncommitted").count - records.count
    }

    private static func rows(of aggregateType: String) -> String {
        "SELECT aggregate_id || ' ' || event_id FROM outbox WHERE aggregate_type = '\(aggregateType)' ORDER BY "
            + "outbox_id"
    }
}

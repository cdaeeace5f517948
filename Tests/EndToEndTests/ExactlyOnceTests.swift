import Foundation
import Kafka
import TestKit
import Testing

extension EndToEndTests {
    /// Exactly-once delivery by the real relay, killed and replaced under load: every row once, each key in order, no rebase.
    ///
    /// The embedded Kafka shows what was never committed, rows and records alike. So there a relay dies only when its record is committed,
    /// or cannot be written, and rows without a record are left out by ``CommittedRows``. That Kafka itself hides and undoes them,
    /// wherever the relay dies, and that a relay which goes on is fenced by Kafka, only a real one can show: there the last test runs, too.
    @Suite struct ExactlyOnceTests {
        private static let rows = 1_000
        private static let deaths = 4

        /// Only Kafka's record tells the next relay what has arrived, whether it starts afterwards or was standing by.
        @Test func aRelayKilledBetweenKafkasCommitAndItsCheckpointRepeatsNothing() async throws {
            try await withLoad(isIsolated: true) { stack in
                var leader = try await start(stack, 0)
                try await stack.leads("0")
                for death in 1...Self.deaths {
                    try await stack.written(more: Self.rows)
                    let heir = death.isMultiple(of: 2) ? try await start(stack, death) : nil
                    if let heir { _ = try await heir.line(containing: "standing by") }
                    try await stack.killAheadOfItsCheckpoint(leader)
                    leader = if let heir { heir } else { try await start(stack, death) }
                    try await stack.leads("\(death)")
                }
            }
        }

        /// The broker that keeps the record is away: the transaction's rows are in Kafka, and it cannot be committed.
        @Test(.switchesKafka) func aTransactionThatDiedWithItsRelayIsMadeAgain() async throws {
            try await withLoad(isIsolated: false, brokers: 2) { stack in
                try await keepRecordOnSecondBroker(stack)
                var leader = try await start(stack, 0)
                try await stack.leads("0")
                for death in 1...Self.deaths {
                    try await stack.flows(stack.kafka.topic("parcel"))
                    try await stack.kafka.control("down 2")
                    try await stack.written(more: Self.rows)
                    leader.signal(SIGKILL)
                    #expect(try await leader.exit() == 128 + SIGKILL)
                    try await stack.kafka.control("up 2")
                    leader = try await start(stack, death)
                    try await stack.leads("\(death)")
                }
            }
        }

        private func keepRecordOnSecondBroker(_ stack: TestStack) async throws {
            try await stack.kafka.control("topic \(stack.checkpointTopic) 1")
            try await stack.kafka.control("leader \(stack.checkpointTopic) 0 2")
            try await stack.kafka.control("coordinator transaction \(stack.kafka.topic("relay")) 1")
            for partition in 0..<StackKafka.partitions {
                try await stack.kafka.control("leader \(stack.kafka.topic("parcel")) \(partition) 1")
            }
        }

        @Test(.enabled(if: TestKafka.isExternal, "needs a Kafka that isolates transactions"))
        func aRelayKilledAnywhereLeavesEachRowOnce() async throws {
            try await withLoad(isIsolated: true) { stack in
                var leader = try await start(stack, 0)
                try await stack.leads("0")
                for death in 1...3 * Self.deaths {
                    try await stack.written(more: Self.rows)
                    let heir = death.isMultiple(of: 2) ? try await start(stack, death) : nil
                    if let heir { _ = try await heir.line(containing: "standing by") }
                    try await stack.spin(until: "SELECT EXISTS (SELECT FROM relay_state WHERE is_draining)")
                    leader.signal(SIGKILL)
                    #expect(try await leader.exit() == 128 + SIGKILL)
                    leader = if let heir { heir } else { try await start(stack, death) }
                    try await stack.leads("\(death)")
                }
            }
        }

        private func start(_ stack: TestStack, _ number: Int) async throws -> ManagedProcess {
            try await stack.startRelay(
                "\(number)", stack.exactlyOnce.merging(["KAFKA_TRANSACTIONAL_ID": stack.kafka.topic("relay")]) { $1 })
        }

        private func withLoad(
            isIsolated: Bool, brokers: Int = 1, _ body: (_ stack: TestStack) async throws -> Void
        ) async throws {
            try await TestStack.with([], brokers: brokers) { stack in
                try await stack.kafka.createTopic("parcel")
                try await OutboxLoad.start(stack.database).during { try await body(stack) }
                let undone = try await stack.expectExactlyOnce("parcel", isIsolated: isIsolated)
                #expect(isIsolated || undone > 0, "no transaction was cut short: the test has lost its teeth")
            }
        }
    }
}

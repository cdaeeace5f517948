import Foundation
import Kafka
import TestKit
import Testing

extension EndToEndTests {
    /// Exactly-once delivery by the real relay, killed, stopped and replaced under load, and misled by a Kafka that
    /// does what it was asked and does not say so: every row once for readers of committed messages, each key in order,
    /// no rebase.
    ///
    /// The embedded Kafka neither isolates nor fences; the strict one does, and so does a Kafka from outside.
    @Suite struct ExactlyOnceTests {
        private static let rows = 1_000
        private static let deaths = 2

        /// Only Kafka's record tells the next relay what has arrived, whether it starts afterwards or was standing by.
        @Test func aRelayKilledBetweenKafkasCommitAndItsCheckpointRepeatsNothing() async throws {
            try await withLoad { stack in
                var leader = try await start(stack, 0)
                for death in 1...Self.deaths {
                    try await stack.written(more: Self.rows)
                    let heir = try await heir(stack, death)
                    try await stack.killAheadOfItsCheckpoint(leader)
                    leader = try await succeed(stack, heir, death)
                }
            }
        }

        @Test func aRelayKilledAnywhereLeavesEachRowOnce() async throws {
            try await withLoad { stack in
                var leader = try await start(stack, 0)
                for death in 1...(TestKafka.isExternal ? 12 : 6) {
                    try await stack.written(more: Self.rows)
                    let heir = try await heir(stack, death)
                    try await stack.spin(until: "SELECT EXISTS (SELECT FROM relay_state WHERE is_draining)")
                    try await kill(leader)
                    leader = try await succeed(stack, heir, death)
                }
            }
        }

        /// All its rows are in Kafka, and nobody decides about it.
        @Test(.switchesKafka) func aTransactionThatDiedWithItsRelayIsMadeAgain() async throws {
            let undone = try await withLoad { stack in
                var leader = try await start(stack, 0)
                for death in 1...Self.deaths {
                    try await undecided(stack)
                    try await kill(leader)
                    try await stack.kafka.control("clear")
                    leader = try await succeed(stack, nil, death)
                }
            }
            #expect(undone > 0, "no transaction was cut short: the test has lost its teeth")
        }

        /// It goes on when another has taken over and published, in the middle of its transaction: Kafka takes nothing
        /// of it any more, not even to hide it, and it stands by.
        @Test func aRelayThatWasStoppedIsFencedByItsHeir() async throws {
            try await withLoad { stack in
                let leader = try await start(stack, 0)
                let heir = try await begin(stack, 1)
                _ = try await heir.line(containing: "standing by")
                try await stack.written(more: Self.rows)
                try await stack.spin(until: "SELECT EXISTS (SELECT FROM relay_state WHERE is_draining)")
                leader.signal(SIGSTOP)
                try await stack.replaces(leader, with: heir, named: "1")
                let sent = try await stack.records(stack.kafka.topic("parcel"), isolation: "read_uncommitted")
                #expect(sent.strays(of: 1, behind: 2) == 0)
            }
        }

        /// Kafka has done what it was asked, and the connection breaks before it says so.
        @Test(.switchesKafka) func anAnswerThatIsLostLosesAndRepeatsNothing() async throws {
            try await withLoad { stack in
                let first = try await start(stack, 0)
                for call in ["produce", "end-txn", "add-partitions-to-txn"] {
                    for losses in 1...2 {
                        try await stack.kafka.control("lose \(call) \(losses)")
                        try await stack.written(more: Self.rows)
                    }
                }
                try await kill(first)
                try await stack.kafka.control("lose init-producer-id 2")
                _ = try await start(stack, 1)
                try await stack.flows(stack.kafka.topic("parcel"))
            }
        }

        /// Kafka undoes a transaction after its timeout, and lets nobody go on with it.
        @Test(.switchesKafka) func aTransactionThatTakesTooLongIsMadeAgain() async throws {
            let undone = try await withLoad { stack in
                let relay = try await start(stack, 0, ["KAFKA_TRANSACTION_TIMEOUT_MS": "1000"])
                for _ in 1...2 {
                    try await undecided(stack)
                    try await stack.kafka.counts(more: "expired")
                    try await stack.kafka.control("clear")
                    try await stack.flows(stack.kafka.topic("parcel"))
                }
                #expect(relay.isRunning)
            }
            #expect(undone > 0, "no transaction took too long: the test has lost its teeth")
        }

        /// Waits until the relay has written everything and asks for the end of its transaction, in vain from now on.
        private func undecided(_ stack: TestStack) async throws {
            try await stack.written(more: Self.rows)
            try await stack.kafka.control("errors end-txn 1000000 COORDINATOR_NOT_AVAILABLE")
            try await stack.kafka.counts(more: "end-txn:")
        }

        private func start(_ stack: TestStack, _ number: Int, _ settings: [String: String] = [:]) async throws
            -> ManagedProcess
        {
            let relay = try await begin(stack, number, settings)
            try await stack.leads("\(number)")
            return relay
        }

        private func begin(_ stack: TestStack, _ number: Int, _ settings: [String: String] = [:]) async throws
            -> ManagedProcess
        {
            let ours = ["KAFKA_TRANSACTIONAL_ID": stack.kafka.topic("relay")]
            return try await stack.startRelay(
                "\(number)", stack.exactlyOnce.merging(ours) { $1 }.merging(settings) { $1 })
        }

        /// Every other death finds a relay standing by.
        private func heir(_ stack: TestStack, _ death: Int) async throws -> ManagedProcess? {
            guard death.isMultiple(of: 2) else { return nil }
            let heir = try await begin(stack, death)
            _ = try await heir.line(containing: "standing by")
            return heir
        }

        private func succeed(_ stack: TestStack, _ heir: ManagedProcess?, _ death: Int) async throws -> ManagedProcess {
            guard let heir else { return try await start(stack, death) }
            try await stack.leads("\(death)")
            return heir
        }

        private func kill(_ relay: ManagedProcess) async throws {
            relay.signal(SIGKILL)
            #expect(try await relay.exit() == 128 + SIGKILL)
        }

        /// Runs `body` while rows are written, then judges; how many messages were undone.
        @discardableResult
        private func withLoad(_ body: (_ stack: TestStack) async throws -> Void) async throws -> Int {
            var undone = 0
            try await TestStack.with([], isStrict: true) { stack in
                try await stack.kafka.createTopic("parcel")
                try await OutboxLoad.start(stack.database).during { try await body(stack) }
                undone = try await stack.expectExactlyOnce("parcel")
            }
            return undone
        }
    }
}

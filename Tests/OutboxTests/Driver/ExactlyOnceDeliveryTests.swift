import Postgres
import Synchronization
import TestKit
import Testing

@testable import Outbox

/// The whole relay with transactions: what it does at its start, and with what Kafka's record says.
struct ExactlyOnceDeliveryTests {
    @Test func aRestartPublishesNothingTwiceAlsoIfPostgresKnowsLess() async throws {
        let outbox = try await published()
        try await setBack(
            outbox, "cut = cut, published = '3:3:', draining = pg_current_snapshot(), drained_through = 0")
        try await withRelay(try outbox.relay()) {
            try await onThread {
                try outbox.connect().insertRow("a", 5)
                #expect(outbox.topic.wait { $0.count >= 6 })
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == [0, 1, 2, 3, 4, 5])
    }

    @Test func aDatabaseThatWasSetBackIsRefusedUntilARebase() async throws {
        let outbox = try await published()
        try await setBack(outbox, "cut = cut - 1")
        // Kafka does not always answer the first question for its record: nothing is published before it does.
        var slow = outbox
        slow.behaviour.transientFailureIn = 2
        for asked in [slow, outbox] {
            let error = await #expect(throws: OutboxError.self) { try await asked.relay().run() }
            #expect(error?.code == .dataLoss)
            #expect(error?.message.contains("outboxctl rebase --republish-since") == true)
        }
        try await onThread {
            _ = try OutboxOperator(outbox.connect()).rebase(republishSince: "infinity", reason: "restored")
        }
        try await withRelay(try outbox.relay()) {
            try await onThread {
                try outbox.connect().insertRow("a", 5)
                #expect(outbox.topic.wait { $0.count >= 6 })
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == [0, 1, 2, 3, 4, 5])
    }

    @Test func aRowThatKafkaRefusesParksItsKeyAndItsReleaseArrivesOnce() async throws {
        var outbox = try await TestOutbox()
        outbox.guarantee = .exactlyOnce
        var refusing = outbox
        refusing.behaviour.poison = [OutboxKey(aggregateType: "order", aggregateID: "poison")]
        let (healthy, sick) = (outbox, refusing)
        try await onThread {
            let writer = try healthy.connect()
            try writer.execute("BEGIN")
            for sequence in 0..<20 as Range<Int64> {
                try writer.insertRow("good", sequence)
                if sequence < 3 { try writer.insertRow("poison", sequence) }
            }
            try writer.execute("COMMIT")
        }
        try await withRelay(try sick.relay()) {
            try await onThread { #expect(healthy.topic.wait { $0.count >= 20 }) }
        }
        try await withRelay(try healthy.relay()) {
            try await onThread {
                let desk = ParkedDesk(try healthy.connect())
                let parked = try #require(try desk.parked().first)
                #expect(parked.heldRows == 3)
                #expect(try desk.release(parked.key, reason: "cured"))
                #expect(healthy.topic.wait { $0.count >= 23 })
            }
        }
        let poison = healthy.topic.messages.filter { $0.key.aggregateID == "poison" }
        #expect(poison.map(\.sequence) == [0, 1, 2])
        #expect(healthy.topic.messages.count == 23)
    }

    /// The transaction that releases a key fails, or its answer is lost: the record tells whether the rows have to be
    /// published again.
    @Test(arguments: [MemoryPublisher.Behaviour.CommitFate.failsBefore, .failsAfterwards])
    func aReleaseWhoseCommitFailsArrivesOnce(_ fate: MemoryPublisher.Behaviour.CommitFate) async throws {
        var made = try await TestOutbox()
        let key = OutboxKey(aggregateType: "order", aggregateID: "a")
        let (gate, isReleased, hasFailed) = (TopicGate(closedFor: [key]), Flag(), Flag())
        made.guarantee = .exactlyOnce
        made.behaviour.closedTopics = gate
        made.behaviour.commit = {
            guard isReleased.isSet, !hasFailed.isSet else { return .goesWell }
            hasFailed.set()
            return fate
        }
        let outbox = made
        let relay = try outbox.relay { $0.pollCeiling = .milliseconds(20) }
        try await withRelay(relay) {
            try await onThread {
                let writer = try outbox.connect()
                for sequence in 0..<3 as Range<Int64> { try writer.insertRow("a", sequence) }
                try writer.insertRow("b", 0)
                #expect(outbox.topic.wait { $0.count == 1 })
                gate.open()
                isReleased.set()
                #expect(try ParkedDesk(writer).release(key, reason: "test"))
                #expect(outbox.topic.wait { $0.count >= 4 })
                #expect(try writer.looks { relay.status.now.heldRows == 0 && relay.status.now.parkedKeys == 0 })
                try writer.insertRow("a", 3)
                #expect(outbox.topic.wait { $0.last?.sequence == 3 })
            }
        }
        #expect(hasFailed.isSet)
        #expect(outbox.topic.messages.filter { $0.key == key }.map(\.sequence) == [0, 1, 2, 3])
    }

    /// A cut of several chunks is one transaction. It is undone or committed as a whole, whatever the relay is told.
    @Test(arguments: [MemoryPublisher.Behaviour.CommitFate.failsBefore, .failsAfterwards, .goesWell])
    func aTransactionOfSeveralChunksArrivesOnce(_ fate: MemoryPublisher.Behaviour.CommitFate) async throws {
        let rows = 2 * Int64(OutboxLimits.rowsOfFirstChunk) + 7
        var made = try await TestOutbox()
        let commits = Atomic(0)
        let hasFailed = Flag()
        made.guarantee = .exactlyOnce
        made.behaviour.commit = {
            commits.add(1, ordering: .relaxed)
            guard !hasFailed.isSet else { return .goesWell }
            hasFailed.set()
            return fate
        }
        let outbox = made
        try await onThread {
            try outbox.connect().execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT 'order', 'a', n, 'order_placed', '\\x00' FROM generate_series(0, \(rows - 1)) AS n
                """)
        }
        try await withRelay(try outbox.relay()) {
            try await onThread {
                #expect(outbox.topic.wait { $0.count >= Int(rows) })
                try outbox.connect().insertRow("a", rows)
                #expect(outbox.topic.wait { $0.last?.sequence == rows })
            }
        }
        #expect(outbox.topic.messages.map(\.sequence) == Array(0...rows))
        // One for the chunks, one for the last row, and one more for the undone transaction.
        #expect(commits.load(ordering: .relaxed) == (fate == .failsBefore ? 3 : 2))
    }

    private func published() async throws -> TestOutbox {
        var outbox = try await TestOutbox()
        outbox.guarantee = .exactlyOnce
        let made = outbox
        try await withRelay(try made.relay()) {
            try await onThread {
                let writer = try made.connect()
                for sequence in 0..<5 as Range<Int64> { try writer.insertRow("a", sequence) }
                #expect(made.topic.wait { $0.count == 5 })
            }
        }
        return made
    }

    /// What a crash, or a backup, leaves of the checkpoint.
    private func setBack(_ outbox: TestOutbox, _ columns: String) async throws {
        try await onThread {
            try outbox.connect().execute(
                "UPDATE outbox_relay.checkpoint_0 SET \(columns); UPDATE outbox_relay.checkpoint_1 SET \(columns)")
        }
    }
}

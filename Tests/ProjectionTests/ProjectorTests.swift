import Consumers
import ConsumersTestKit
import Orders
import Postgres
import TestKit
import Testing

@testable import Projection

@Suite struct ProjectorTests {
    @Test func projectsWhatIsPublished() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        topic.publish(try messages("a", life) + messages("b", [life[0]], partition: 1))
        await projector.untilApplied(6)
        try await projector.stop()
        #expect(try await database.row("a") == projected("a", life))
        #expect(try await database.row("b") == projected("b", [life[0]]))
    }

    @Test func goesOnWhereItStopped() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let first = try RunningProjector(database.configuration, topic)
        await first.untilWalked(1)
        topic.publish(try messages("a", Array(life.prefix(2))))
        await first.untilApplied(2)
        try await first.stop()
        topic.publish(try messages("a", Array(life.dropFirst(2)), from: 2))
        let second = try RunningProjector(database.configuration, topic)
        await second.untilApplied(3)
        try await second.stop()
        #expect(topic.starts.last == [0: 2, 1: 0])
        #expect(try await database.row("a") == projected("a", life))
    }

    /// Orders enough for a batch that counts as load.
    private func load() throws -> [ConsumedMessage] {
        try (0..<ProjectionLimits.messagesOfBusyBatch).flatMap { try messages("load-\($0)", [life[0]]) }
    }

    @Test func underLoadTheEventsOfAnOrderAreOneWrite() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic) { configuration in
            // Only the fullness of a batch ends the gathering.
            configuration.maximumBatchMessages = life.count
            (configuration.gathering, configuration.quiet) = (.seconds(3_600), .seconds(3_600))
        }
        await projector.untilWalked(1)
        topic.publish(try load())
        await projector.untilApplied(ProjectionLimits.messagesOfBusyBatch)
        for (sequence, event) in life.enumerated() {
            topic.publish([try message("a", Int64(sequence), event, partition: 1)])
        }
        await projector.untilApplied(ProjectionLimits.messagesOfBusyBatch + life.count)
        try await projector.stop()
        #expect(projector.batches == [ProjectionLimits.messagesOfBusyBatch, life.count])
        #expect(try await database.row("a") == projected("a", life))
    }

    @Test func whatIsGatheredWhenThePartitionsGoIsReadAgain() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic) { configuration in
            configuration.maximumBatchMessages = life.count
            (configuration.gathering, configuration.quiet) = (.seconds(3_600), .seconds(3_600))
        }
        await projector.untilWalked(1)
        topic.publish(try load())
        await projector.untilApplied(ProjectionLimits.messagesOfBusyBatch)
        topic.publish(try messages("a", Array(life.prefix(3)), partition: 1))
        topic.report(.revoked(lost: false), .assigned([0, 1]))
        topic.publish(try messages("a", Array(life.dropFirst(3)), from: 3, partition: 1))
        await projector.untilApplied(ProjectionLimits.messagesOfBusyBatch + life.count)
        try await projector.stop()
        #expect(topic.starts.last == [0: Int64(ProjectionLimits.messagesOfBusyBatch), 1: 0])
        #expect(try await database.row("a") == projected("a", life))
    }

    @Test func anOrderThatIsBeingPaidWaitsAndIsReadAgainAfterAStop() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let change = { @Sendable (configuration: inout ProjectorConfiguration) in
            // One message may stay when a batch of two is full.
            configuration.maximumBatchMessages = 2
            (configuration.gathering, configuration.quiet) = (.seconds(3_600), .seconds(3_600))
            configuration.leastMessagesPerSecond = 0
        }
        let first = try RunningProjector(database.configuration, topic, change)
        await first.untilWalked(1)
        topic.publish(try load())
        await first.untilApplied(ProjectionLimits.messagesOfBusyBatch)
        topic.publish([try message("a", 0, life[0], partition: 1)] + (try messages("b", life, partition: 1)))
        await first.untilApplied(ProjectionLimits.messagesOfBusyBatch + life.count)
        try await first.stop()
        #expect(try await database.row("a") == nil)
        #expect(try await database.row("b") == projected("b", life))
        topic.publish([try message("a", 1, life[1], partition: 1)])
        let second = try RunningProjector(database.configuration, topic)
        await second.untilApplied(life.count + 2)
        try await second.stop()
        #expect(topic.starts.last == [0: Int64(ProjectionLimits.messagesOfBusyBatch), 1: 0])
        #expect(try await database.row("a") == projected("a", Array(life.prefix(2))))
        #expect(try await database.row("b") == projected("b", life))
    }

    @Test func anEmptyProjectionIsRebuiltFromTheEventStore() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        for index in 0..<10 { try await database.record("old-\(index)", life) }
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        try await projector.stop()
        #expect(try await database.number("SELECT count(*) FROM order_projection WHERE last_sequence_number = 4") == 10)
    }

    @Test func aReplacedClusterIsHealedAndReadFromItsEnd() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        topic.publish(try messages("a", [life[0]]) + messages("b", [life[0]]))
        await projector.untilApplied(2)
        // Recorded, and lost with the old cluster.
        try await database.record("a", Array(life.prefix(3)))
        try await database.record("c", [life[0]])
        topic.replaceCluster("k2")
        await projector.untilWalked(2)
        topic.publish(try messages("b", [.paymentInitiated], from: 1))
        await projector.untilApplied(3)
        try await projector.stop()
        #expect(try await database.row("a") == projected("a", Array(life.prefix(3))))
        #expect(try await database.row("b") == projected("b", Array(life.prefix(2))))
        #expect(try await database.row("c") == projected("c", [life[0]]))
        #expect(
            try await database.number("SELECT max(next_offset) FROM order_projection_offset WHERE cluster_id = 'k2'")
                == 1)
    }

    @Test func anOffsetThatTheBrokerDeletedIsHealed() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let first = try RunningProjector(database.configuration, topic)
        await first.untilWalked(1)
        try await first.stop()
        try await database.record("a", life)
        topic.publish(try messages("a", life))
        topic.change { $0.low = 5 }
        let second = try RunningProjector(database.configuration, topic)
        await second.untilWalked(1)
        try await second.stop()
        #expect(try await database.row("a") == projected("a", life))
    }

    @Test func whatIsGatheredIsAppliedBeforeALostOffsetIsClaimed() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic) { configuration in
            configuration.maximumBatchMessages = life.count + 1
            (configuration.gathering, configuration.quiet) = (.seconds(3_600), .seconds(3_600))
        }
        await projector.untilWalked(1)
        topic.publish(try load())
        await projector.untilApplied(ProjectionLimits.messagesOfBusyBatch)
        topic.publish(try messages("a", life, partition: 1))
        await topic.untilRead()
        topic.report(.offsetLost(partition: 0, detail: "gone"))
        await projector.untilWalked(2)
        await projector.untilApplied(ProjectionLimits.messagesOfBusyBatch + life.count)
        try await projector.stop()
        // The other partition goes on behind what was gathered.
        #expect(topic.starts.last == [0: Int64(ProjectionLimits.messagesOfBusyBatch)])
        #expect(try await database.row("a") == projected("a", life))
    }

    @Test func anInterruptedWalkIsFinishedByTheNextProcess() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        for index in 0..<10 { try await database.record("old-\(index)", [life[0]]) }
        // The process that asked for the walk died at once; the positions are known.
        _ = try await database.store { try $0.claim([0, 1], clusterID: "k1", restarts: [0: 0, 1: 0], reason: "test") }
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        try await projector.stop()
        #expect(try await database.number("SELECT count(*) FROM order_projection") == 10)
    }

    /// After a loss of data the operator empties the read model while projectors run.
    @Test func aWalkThatIsAskedForMeanwhileIsDoneWithoutARestart() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        for index in 0..<10 { try await database.record("old-\(index)", life) }
        let projector = try RunningProjector(database.configuration, topic) { $0.healingLook = .milliseconds(20) }
        await projector.untilWalked(1)
        try await database.run {
            try $0.execute(
                "BEGIN; TRUNCATE order_projection; INSERT INTO order_projection_healing (reason) VALUES ('t'); COMMIT")
        }
        await projector.untilWalked(2)
        try await projector.stop()
        #expect(try await database.number("SELECT count(*) FROM order_projection WHERE last_sequence_number = 4") == 10)
        #expect(try await database.number("SELECT count(*) FROM order_projection_healing") == 0)
    }

    @Test func survivesPostgresGoingAway() async throws {
        let server = try await TestPostgres.start()
        let configuration = PostgresConfiguration(url: server.url(), applicationName: "tests")
        _ = try await onThread {
            try MigrationRunner(directory: TestPaths.migrations).migrate(PostgresConnection(configuration))
        }
        let topic = MemoryTopic(partitions: 2)
        let projector = try RunningProjector(configuration, topic)
        await projector.untilWalked(1)
        try await server.stop(.immediate)
        topic.publish(try messages("a", life))
        await projector.log.until { entries in
            if case .waiting(let why)? = entries.statuses.last { return why.contains("Postgres") }
            return false
        }
        try await server.restart()
        await projector.untilApplied(5)
        try await projector.stop()
        let version = try await onThread {
            try PostgresConnection(configuration).query(
                "SELECT last_sequence_number FROM order_projection WHERE order_id = 'a'"
            )
            .int64(0, 0)
        }
        #expect(version == 4)
        try await server.stop(.fast)
    }

    @Test func aMemberWhoseClaimWasTakenClaimsAgain() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        _ = try await database.store { try $0.claim([0], clusterID: "k1", restarts: [:], reason: "") }
        topic.publish(try messages("a", life))
        await projector.untilApplied(5)
        await projector.log.until(1) { if case .stale = $0 { true } else { false } }
        try await projector.stop()
        #expect(try await database.row("a") == projected("a", life))
    }

    @Test func aRowThatPostgresRefusesStopsNobody() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        try await database.run { try $0.execute("ALTER TABLE order_projection ADD CHECK (customer_id <> 'refused')") }
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        topic.publish(
            [try message("a", 0, .placed(details("refused")))] + (try messages("b", life))
                + (try messages("c", life, partition: 1)))
        await projector.untilApplied(1 + 2 * life.count)
        await projector.log.until(1) { if case .passedOver = $0 { true } else { false } }
        try await projector.stop()
        #expect(try await database.row("a") == nil)
        #expect(try await database.row("b") == projected("b", life))
        #expect(try await database.row("c") == projected("c", life))
    }

    @Test func garbageStopsNobody() async throws {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        try await database.record("a", life)
        topic.publish([garbage("x"), garbage(nil)] + (try messages("a", life)) + [garbage("a")])
        await projector.untilApplied(8)
        try await projector.stop()
        #expect(try await database.row("a") == projected("a", life))
        #expect(try await database.number("SELECT count(*) FROM order_projection") == 1)
    }
}

import Consumers
import ConsumersTestKit
import Testing

@testable import Projection

/// What happens while a batch is being applied on the writer's thread.
@Suite struct BatchInHandTests {
    /// A projector whose first batch, the placement of order a, waits for the table.
    private func started() async throws -> (ProjectionDatabase, MemoryTopic, RunningProjector, TableLock) {
        let (database, topic) = (try await ProjectionDatabase(), MemoryTopic(partitions: 2))
        let projector = try RunningProjector(database.configuration, topic)
        await projector.untilWalked(1)
        let lock = try await TableLock(database)
        topic.publish([try message("a", 0, life[0])])
        try await lock.untilAwaited()
        return (database, topic, projector, lock)
    }

    @Test func theNextOneIsGathered() async throws {
        let (database, topic, projector, lock) = try await started()
        topic.publish(try messages("a", [life[1]], from: 1))
        topic.publish(try messages("a", [life[2]], from: 2) + messages("b", life, partition: 1))
        await topic.untilRead()
        try await lock.release()
        await projector.untilApplied(8)
        try await projector.stop()
        #expect(projector.batches == [1, 7])
        #expect(try await database.row("a") == projected("a", Array(life.prefix(3))))
        #expect(try await database.row("b") == projected("b", life))
    }

    @Test func aStopWaitsForIt() async throws {
        let (database, _, projector, lock) = try await started()
        projector.requestStop()
        try await lock.release()
        try await projector.stop()
        #expect(projector.batches == [1])
        #expect(try await database.row("a") == projected("a", [life[0]]))
    }

    @Test func thePartitionsComeBackBehindIt() async throws {
        let (database, topic, projector, lock) = try await started()
        topic.publish(try messages("a", [life[1]], from: 1))
        await topic.untilRead()
        topic.report(.revoked(lost: false), .assigned([0, 1]))
        await topic.untilRead()
        try await lock.release()
        await projector.untilApplied(2)
        try await projector.stop()
        // The batch was committed before the claim; what was only gathered is read again.
        #expect(topic.starts.last == [0: 1, 1: 0])
        #expect(try await database.row("a") == projected("a", Array(life.prefix(2))))
    }

    @Test func whenItsConnectionIsLostItIsReadAgain() async throws {
        let (database, topic, projector, lock) = try await started()
        topic.publish(try messages("b", life, partition: 1))
        await topic.untilRead()
        try await lock.terminateWaiting()
        try await lock.release()
        await projector.untilApplied(1 + life.count)
        try await projector.stop()
        #expect(topic.starts.last == [0: 0, 1: 0])
        #expect(try await database.row("a") == projected("a", [life[0]]))
        #expect(try await database.row("b") == projected("b", life))
    }

    @Test func anotherMembersClaimRollsItBack() async throws {
        let (database, topic, projector, lock) = try await started()
        // The claim waits for the batch, which is committed; the next batch of the old claim is not.
        let heir = Task { try await database.store { try $0.claim([0], clusterID: "k1", restarts: [:], reason: "") } }
        try await lock.release()
        #expect(try await heir.value.positions == [0: 1])
        topic.publish(try messages("a", [life[1]], from: 1))
        await projector.log.until(1) { if case .stale = $0 { true } else { false } }
        await projector.untilApplied(2)
        try await projector.stop()
        #expect(try await database.row("a") == projected("a", Array(life.prefix(2))))
    }
}

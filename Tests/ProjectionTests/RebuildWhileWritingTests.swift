import Consumers
import ConsumersTestKit
import Orders
import Postgres
import TestKit
import Testing

@testable import Projection

/// A projector that rebuilds the read model while orders are written, messages come, and readers read.
@Suite struct RebuildWhileWritingTests {
    private static let oldOrders = 120
    private static let isOver = "SELECT count(*) FROM order_projection_rebuild WHERE ended_at IS NOT NULL"

    private func projector(_ database: ProjectionDatabase, _ topic: MemoryTopic) throws -> RunningProjector {
        try RunningProjector(database.configuration, topic) { configuration in
            configuration.rebuildChunkOrders = 4
            configuration.healingLook = .milliseconds(20)
        }
    }

    private func until(_ database: ProjectionDatabase, _ sql: String, is wanted: Int64 = 1) async throws {
        while try await database.number(sql) != wanted { await Task.yield() }
    }

    /// Orders of which Kafka has nothing any more, half of them wrong in the read model.
    private func damaged() async throws -> ProjectionDatabase {
        let database = try await ProjectionDatabase()
        for index in 0..<Self.oldOrders { try await database.record("old-\(index)", life) }
        for index in 0..<Self.oldOrders {
            var row = projected("old-\(index)", life)
            if index % 2 == 0 { row.state = [OrderEvent.placed(details("wrong"))].fold()! }
            try await database.project(row)
        }
        // No walk: the projector believes that it knows where it is.
        try await database.store { _ = try $0.claim([0, 1], clusterID: "k1", restarts: [0: 0, 1: 0], reason: "") }
        try await database.run { try $0.execute("DELETE FROM order_projection_healing") }
        return database
    }

    /// Events of many orders, each a little later than the one before, until it is told to stop.
    private func write(
        _ database: ProjectionDatabase, _ topic: MemoryTopic, atLeast rounds: Int = 40,
        until isOver: @escaping @Sendable () async throws -> Bool
    ) async throws -> [String: [OrderEvent]] {
        var written: [String: [OrderEvent]] = [:]
        var round = 0
        while try await !isOver() || round < rounds {
            // Ids in front of, among and behind the old ones.
            let id = ["a-\(round / 3 % 20)", "old-new-\(round / 3 % 20)", "z-\(round / 3 % 20)"][round % 3]
            let sequence = written[id]?.count ?? 0
            round += 1
            guard sequence < life.count else { continue }
            // An event is in the event store before its message is in Kafka.
            try await database.record(id, [life[sequence]], from: Int64(sequence))
            topic.publish([try message(id, Int64(sequence), life[sequence], partition: Int32(round % 3 % 2))])
            written[id, default: []].append(life[sequence])
            if sequence == life.count - 1 { await Task.yield() }
        }
        return written
    }

    private func expectTruth(_ database: ProjectionDatabase, _ written: [String: [OrderEvent]]) async throws {
        for index in 0..<Self.oldOrders {
            #expect(try await database.row("old-\(index)") == projected("old-\(index)", life))
        }
        for (id, events) in written {
            // Messages that were not taken over yet come later.
            let wanted = projected(id, events)
            while try await database.row(id) != wanted,
                try await database.row(id)?.lastSequenceNumber != wanted.lastSequenceNumber
            {
                await Task.yield()
            }
            #expect(try await database.row(id) == wanted)
        }
        #expect(try await database.leftovers() == 0)
        let wrong = "SELECT different FROM order_projection_rebuild ORDER BY rebuild_id DESC LIMIT 1"
        #expect(try await database.number(wrong) == Int64(Self.oldOrders / 2))
        let impossible = "SELECT sum(ahead + unknown)::bigint FROM order_projection_rebuild"
        #expect(try await database.number(impossible) == 0)
    }

    /// A reader sees all old rows with their faults, or all of them right: never a part.
    private func readWholes(_ database: ProjectionDatabase) async throws {
        while try await database.number(Self.isOver) == 0 {
            let rows = try await database.text(
                """
                SELECT count(*) || ' ' || count(*) FILTER (WHERE customer_id = 'wrong')
                FROM order_projection WHERE order_id ~ '^old-[0-9]'
                """)
            #expect(["\(Self.oldOrders) \(Self.oldOrders / 2)", "\(Self.oldOrders) 0"].contains(rows))
        }
    }

    @Test func nothingIsMissedAndNobodySeesHalf() async throws {
        let (database, topic) = (try await damaged(), MemoryTopic(partitions: 2))
        let projector = try projector(database, topic)
        try await database.askForRebuild(ordersPerSecond: 1_000)
        async let reading: Void = readWholes(database)
        let written = try await write(database, topic) { try await database.number(Self.isOver) == 1 }
        try await reading
        try await expectTruth(database, written)
        try await projector.stop()
    }

    /// The projector ends in the middle, and another process goes on.
    @Test func aRestartInTheMiddleGoesOn() async throws {
        let (database, topic) = (try await damaged(), MemoryTopic(partitions: 2))
        let first = try projector(database, topic)
        try await database.askForRebuild(ordersPerSecond: 1)
        let middle = "SELECT count(*) FROM order_projection_rebuild WHERE orders >= 3"
        let before = try await write(database, topic, atLeast: 0) { try await database.number(middle) == 1 }
        try await first.stop()
        #expect(try await database.number(Self.isOver) == 0)
        let orders = try await database.number("SELECT orders FROM order_projection_rebuild")
        #expect(orders >= 3 && orders < Int64(Self.oldOrders))
        try await database.run {
            try $0.execute("UPDATE order_projection_rebuild SET orders_per_second = 100000, next_step_at = NULL")
        }
        let second = try projector(database, topic)
        try await until(database, Self.isOver)
        try await expectTruth(database, before)
        try await second.stop()
    }
}

import Consumers
import Orders
import Postgres
import TestKit
import Testing
import Threads

@testable import Projection

@Suite struct ProjectionStoreTests {
    /// Claims partitions 0 and 1 from offset 0, as a first assignment does.
    private func claimed(_ database: ProjectionDatabase) async throws -> Claim {
        try await database.store { try $0.claim([0, 1], clusterID: "k1", restarts: [0: 0, 1: 0], reason: "test") }
    }

    @discardableResult
    private func apply(
        _ messages: [ConsumedMessage], _ claim: Claim, _ database: ProjectionDatabase, next: Int64
    ) async throws -> ProjectionStore.AppliedBatch {
        try await database.store {
            try $0.apply(messages, moving: [Position(partition: 0, claim: claim.number, nextOffset: next)], in: .first)
        }
    }

    private func position(_ database: ProjectionDatabase, cluster: String = "k1") async throws -> Int64? {
        try await database.store { try $0.knownPositions(of: [0], clusterID: cluster)[0] }
    }

    @Test func rowsAndPositionMoveTogether() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        let events: [OrderEvent] = [.placed(details()), .paymentInitiated, .paymentFailed(reason: "declined")]
        let applied = try await apply(try messages("a", events), claim, database, next: 3)
        #expect(applied.changedOrders == 1)
        #expect(try await database.row("a") == projected("a", events))
        #expect(try await position(database) == 3)
    }

    @Test func applyingTwiceChangesNothing() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        let batch = try messages("a", life) + messages("b", [life[0], .cancelled(reason: "no")])
        try await apply(batch, claim, database, next: 7)
        let before = try await database.number("SELECT sum(xmin::text::bigint)::bigint FROM order_projection")
        let again = try await apply(batch, claim, database, next: 7)
        #expect(again.changedOrders == 0)
        #expect(try await database.row("a") == projected("a", life))
        #expect(try await database.number("SELECT sum(xmin::text::bigint)::bigint FROM order_projection") == before)
    }

    @Test func anOlderBatchDoesNotTurnBackARow() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await apply(try messages("a", life), claim, database, next: 5)
        try await apply(try messages("a", Array(life.prefix(2))), claim, database, next: 5)
        #expect(try await database.row("a") == projected("a", life))
    }

    @Test func aGapIsHealedFromTheEventStore() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await database.record("a", Array(life.prefix(4)))
        let applied = try await apply([try message("a", 2, .paid)], claim, database, next: 1)
        #expect(applied.healedOrders == 1)
        // The store already knows more than the message; that is projected at once.
        #expect(try await database.row("a") == projected("a", Array(life.prefix(4))))
    }

    @Test func whatOnlyGarbageTellsIsTakenFromTheEventStore() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await database.record("real", Array(life.prefix(2)))
        let applied = try await apply(
            [garbage("real"), garbage("unknown", offset: 1), garbage(nil, offset: 2)]
                + messages("next", [life[0]], offset: 3), claim,
            database, next: 4)
        #expect(applied.unreadable.count == 3)
        #expect(try await database.row("real") == projected("real", Array(life.prefix(2))))
        #expect(try await database.row("unknown") == nil)
        #expect(try await database.row("next") == projected("next", [life[0]]))
        #expect(try await position(database) == 4)
    }

    @Test func aHistoryIsFollowedUpToItsFirstUnreadableEvent() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await database.record("a", Array(life.prefix(2)))
        try await database.recordGarbage("a", sequence: 2)
        try await database.record("a", [.shippingStatusUpdated(.inTransit)], from: 3)
        try await database.record("b", Array(life.prefix(3)))
        let applied = try await apply([garbage("a"), garbage("b", offset: 1)], claim, database, next: 2)
        #expect(applied.unreadable.count == 3)
        #expect(try await database.row("a") == projected("a", Array(life.prefix(2))))
        #expect(try await database.row("b") == projected("b", Array(life.prefix(3))))
    }

    @Test func theBatchOfAStaleMemberIsRolledBack() async throws {
        let database = try await ProjectionDatabase()
        let old = try await claimed(database)
        try await apply(try messages("a", [life[0]]), old, database, next: 1)
        let new = try await database.store { try $0.claim([0], clusterID: "k1", restarts: [:], reason: "") }
        #expect(new.positions == [0: 1])
        await #expect { try await apply(try messages("b", [life[0]]), old, database, next: 2) } throws: {
            ($0 as? ProjectionError)?.code == .stale
        }
        #expect(try await database.row("b") == nil)
        #expect(try await position(database) == 1)
        try await apply(try messages("c", [life[0]]), new, database, next: 2)
        #expect(try await position(database) == 2)
    }

    @Test func aClaimWaitsForTheBatchThatIsBeingCommitted() async throws {
        let database = try await ProjectionDatabase()
        let old = try await claimed(database)
        let configuration = database.configuration
        let zombie = try ThreadExecutor(name: "zombie")
        let connection = try await zombie.run { UncheckedBox(try PostgresConnection(configuration)) }
        // The zombie holds its claim and has not committed.
        try await zombie.run {
            let store = ProjectionStore(connection.value, topic: "orders", member: "zombie")
            try connection.value.execute("BEGIN")
            let position = [Position(partition: 0, claim: old.number, nextOffset: 8)]
            try store.requireHeld(connection.value.pipeline([store.holding(position)])[0], position)
            try store.appendPositions(position, to: .second)
        }
        let heir = Task { try await database.store { try $0.claim([0], clusterID: "k1", restarts: [:], reason: "") } }
        // The heir is known to be waiting before the zombie goes on.
        while try await database.number("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0 { await Task.yield() }
        try await zombie.run { try connection.value.execute("COMMIT") }
        #expect(try await heir.value.positions == [0: 8])
        zombie.shutdown()
    }

    @Test func positionsOfAnotherClusterMeanNothing() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await apply(try messages("a", [life[0]]), claim, database, next: 1)
        #expect(try await position(database, cluster: "k2") == nil)
        await #expect {
            try await database.store { try $0.claim([0], clusterID: "k2", restarts: [:], reason: "") }
        } throws: {
            ($0 as? ProjectionError)?.code == .raced
        }
    }

    @Test func aWalkBringsAllOrdersUpToTheEventStore() async throws {
        let database = try await ProjectionDatabase()
        for index in 0..<25 { try await database.record("order-\(index)", Array(life.prefix(1 + index % 5))) }
        try await database.recordGarbage("broken", sequence: 0)
        _ = try await claimed(database)
        #expect(try await database.store { try $0.isHealingWanted() })
        var looked = 0
        var chunks = 0
        while true {
            // A connection per chunk: the walk survives the process.
            let chunk = try await database.store { try $0.healChunk(maximumOrders: 7) }
            looked += chunk.orders
            chunks += 1
            if chunk.isLast { break }
        }
        #expect(looked == 26)
        #expect(chunks == 4)
        for index in 0..<25 {
            #expect(
                try await database.row("order-\(index)")
                    == projected("order-\(index)", Array(life.prefix(1 + index % 5))))
        }
        #expect(try await !database.store { try $0.isHealingWanted() })
    }

    @Test func askingAgainStartsTheWalkAgain() async throws {
        let database = try await ProjectionDatabase()
        for id in ["a", "b", "c", "d"] { try await database.record(id, [life[0]]) }
        _ = try await claimed(database)
        _ = try await database.store { try $0.healChunk(maximumOrders: 2) }
        try await database.record("a", [.paymentInitiated], from: 1)
        _ = try await database.store { try $0.claim([0], clusterID: "k1", restarts: [0: 9], reason: "again") }
        while try await !database.store({ try $0.healChunk(maximumOrders: 2).isLast }) {}
        #expect(try await database.row("a")?.lastSequenceNumber == 1)
        #expect(try await database.row("d")?.lastSequenceNumber == 0)
    }

    @Test func rotationKeepsThePositionsAndEmptiesTheTable() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        for offset in Int64(1)...50 { try await apply([garbage(nil)], claim, database, next: offset) }
        #expect(try await database.store { try $0.rotate(.first) })
        #expect(try await database.number("SELECT count(*) FROM order_projection_offset_0") == 0)
        #expect(try await database.number("SELECT count(*) FROM order_projection_offset_1") == 2)
        #expect(try await database.store { try $0.knownPositions(of: [0, 1], clusterID: "k1") } == [0: 50, 1: 0])
    }

    @Test func rotationGivesWayToAReader() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await apply([garbage(nil)], claim, database, next: 1)
        try await database.run { reader in
            try reader.execute("BEGIN; SELECT * FROM order_projection_offset")
            let other = ProjectionStore(try PostgresConnection(database.configuration), topic: "orders", member: "test")
            #expect(try !other.rotate(.first))
            try reader.execute("COMMIT")
            #expect(try other.rotate(.first))
        }
        #expect(try await position(database) == 1)
    }

    @Test func positionsDoNotBloatUnderAHeldTransaction() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        let size = """
            SELECT pg_total_relation_size('order_projection_offset_0')
                + pg_total_relation_size('order_projection_offset_1') + pg_total_relation_size('order_projection_claim')
            """
        let (first, last, dead) = try await database.run { connection in
            let holder = try PostgresConnection(database.configuration)
            try holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM event")
            let store = ProjectionStore(connection, topic: "orders", member: "test")
            var table = PositionTable.first
            var sizes: [Int64] = []
            for round in Int64(0)..<6 {
                for step in Int64(0)..<400 {
                    let next = round * 400 + step
                    _ = try store.apply(
                        [], moving: [Position(partition: 0, claim: claim.number, nextOffset: next)], in: table)
                }
                #expect(try store.rotate(table))
                table = table.other
                sizes.append(try connection.query(PostgresStatement(size)).int64(0, 0))
            }
            try connection.execute("SELECT pg_stat_force_next_flush()")
            let dead = try connection.query(
                """
                SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables
                WHERE relname LIKE 'order_projection_offset%' OR relname = 'order_projection_claim'
                """
            ).int64(0, 0)
            try holder.execute("COMMIT")
            return (sizes[1], sizes[5], dead)
        }
        #expect(first == last)
        #expect(dead == 0)
        #expect(try await position(database) == 2_399)
    }

    @Test func watchersAreWokenOncePerBatch() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        let payloads = try await database.run { listener in
            try listener.listen("order_projection")
            let store = ProjectionStore(try PostgresConnection(database.configuration), topic: "orders", member: "test")
            let position = [Position(partition: 0, claim: claim.number, nextOffset: 1)]
            _ = try store.apply(
                try messages("a", [life[0]]) + messages("b", Array(life.prefix(2))), moving: position, in: .first)
            _ = try store.apply(try messages("a", [life[0]]), moving: position, in: .first)
            let many = try (0..<300).map { try message("00000000-0000-0000-0000-000000000000-\($0)", 0, life[0]) }
            _ = try store.apply(many, moving: position, in: .first)
            var found: [String] = []
            while found.count < 2 {
                found += try listener.notifications().map(\.payload)
                _ = try listener.query("SELECT 1")
            }
            return found
        }
        #expect(payloads == ["a\nb", "*"])
    }

    @Test func aRowThatPostgresRefusesDoesNotStopItsNeighbours() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await database.run { try $0.execute("ALTER TABLE order_projection ADD CHECK (customer_id <> 'refused')") }
        let batch = try [message("a", 0, .placed(details("refused"))), message("b", 0, life[0])]
        let moves = [Position(partition: 0, claim: claim.number, nextOffset: 2)]
        await #expect { try await database.store { try $0.apply(batch, moving: moves, in: .first) } } throws: {
            ($0 as? PostgresError)?.isAboutData == true
        }
        let applied = try await database.store { try $0.apply(batch, moving: moves, in: .first, carefully: true) }
        #expect(applied.unreadable.count == 1)
        #expect(try await database.row("b") != nil)
        #expect(try await position(database) == 2)
    }

    @Test func twoMembersThatWriteTheSameOrdersDoNotDeadlock() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        let orders = (0..<200).map { "order-\($0)" }
        // Each step changes every order; a member's batch has them in an order of its own.
        for (sequence, event) in life.enumerated() {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for partition: Int32 in [0, 1] {
                    let batch = try orders.shuffled().map {
                        try message($0, Int64(sequence), event, partition: partition)
                    }
                    let moves = [Position(partition: partition, claim: claim.number, nextOffset: Int64(sequence + 1))]
                    group.addTask { _ = try await database.store { try $0.apply(batch, moving: moves, in: .first) } }
                }
                try await group.waitForAll()
            }
        }
        #expect(
            try await database.number("SELECT count(*) FROM order_projection WHERE last_sequence_number = 4") == 200)
    }

    private func position(_ database: ProjectionDatabase) async throws -> Int64? {
        try await position(database, cluster: "k1")
    }
}

/// Carries a connection between jobs of the one thread it lives on.
struct UncheckedBox<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

import Consumers
import Orders
import Postgres
import TestKit
import Testing
import Threads

@testable import Projection

/// The steps of a rebuild, one by one.
@Suite struct RebuildTests {
    private func claimed(_ database: ProjectionDatabase) async throws -> Claim {
        let claim = try await database.store {
            try $0.claim([0], clusterID: "k1", restarts: [0: 0], reason: "test")
        }
        // Without a walk: what is missing stays missing.
        try await database.run { try $0.execute("DELETE FROM order_projection_healing") }
        return claim
    }

    private func apply(_ messages: [ConsumedMessage], _ claim: Claim, _ database: ProjectionDatabase) async throws {
        _ = try await database.store {
            try $0.apply(messages, moving: [Position(partition: 0, claim: claim.number, nextOffset: 1)], in: .first)
        }
    }

    /// Records events and applies their messages.
    private func live(
        _ orderID: String, _ events: [OrderEvent], from sequence: Int64 = 0, _ claim: Claim,
        _ database: ProjectionDatabase
    ) async throws {
        try await database.record(orderID, events, from: sequence)
        try await apply(try messages(orderID, events, from: sequence), claim, database)
    }

    @Test func aDamagedReadModelIsReplacedAndItsFaultsAreTold() async throws {
        let database = try await ProjectionDatabase()
        for id in ["ahead", "behind", "different", "missing", "right"] { try await database.record(id, life) }
        var different = projected("different", life)
        different.state = [OrderEvent.placed(details("somebody else"))].fold()!
        var ahead = projected("ahead", life)
        ahead.lastSequenceNumber = 9
        try await database.project(
            ahead, projected("behind", Array(life.prefix(2))), different, projected("right", life),
            projected("unknown", life))
        try await database.askForRebuild()
        try await database.finishRebuild()
        for id in ["ahead", "behind", "different", "missing", "right"] {
            #expect(try await database.row(id) == projected(id, life))
        }
        #expect(try await database.row("unknown") == nil)
        let receipt = """
            SELECT format('%s rows, %s orders, %s %s %s %s %s',
                          rows, orders, missing, behind, ahead, different, unknown)
            FROM order_projection_rebuild WHERE is_switched AND ended_at IS NOT NULL AND trouble IS NULL
            """
        #expect(try await database.text(receipt) == "5 rows, 5 orders, 1 1 1 1 1")
        let examples = try await database.text("SELECT examples::text FROM order_projection_rebuild")
        let kinds = ["ahead", "behind", "different", "missing", "unknown"]
        #expect(examples == "[" + kinds.map { "\"\($0) \($0)\"" }.joined(separator: ", ") + "]")
        #expect(try await database.leftovers() == 0)
    }

    /// Before and behind the place of the walk, orders of both and new ones.
    @Test func whatIsAppliedMeanwhileIsInTheNewReadModel() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        for id in ["b", "d", "f", "h"] { try await live(id, [life[0]], claim, database) }
        try await database.askForRebuild()
        #expect(try await database.rebuildStep() == .started)
        #expect(try await database.rebuildStep() == .filled(orders: 2))
        for id in ["b", "h"] { try await live(id, [life[1]], from: 1, claim, database) }
        for id in ["a", "g"] { try await live(id, [life[0]], claim, database) }
        // The old one is read and goes on.
        #expect(try await database.row("b") == projected("b", Array(life.prefix(2))))
        #expect(try await database.rebuildStep(9) == .filled(orders: 3))
        try await live("d", [life[1]], from: 1, claim, database)
        try await live("z", life, claim, database)
        try await database.finishRebuild()
        for id in ["b", "d", "h"] { #expect(try await database.row(id) == projected(id, Array(life.prefix(2)))) }
        for id in ["a", "f", "g"] { #expect(try await database.row(id) == projected(id, [life[0]])) }
        #expect(try await database.row("z") == projected("z", life))
        #expect(try await database.number("SELECT rows FROM order_projection_rebuild") == 7)
        #expect(try await database.number("SELECT different FROM order_projection_rebuild") == 0)
        // The positions stay, and the same claim goes on.
        try await live("b", [.paid], from: 2, claim, database)
        #expect(try await database.row("b") == projected("b", Array(life.prefix(3))))
        #expect(try await database.leftovers() == 0)
    }

    /// An event that Kafka lost reaches the live read model by the healing walk, after the rebuild has read the order.
    @Test func whatIsHealedMeanwhileIsInTheNewReadModel() async throws {
        let database = try await ProjectionDatabase()
        try await database.record("a", [life[0]])
        try await database.askForRebuild()
        try await database.rebuildStep()
        #expect(try await database.rebuildStep() == .filled(orders: 1))
        try await database.record("a", [life[1]], from: 1)
        try await database.run { try $0.execute("INSERT INTO order_projection_healing (reason) VALUES ('test')") }
        _ = try await database.store { try $0.healChunk(maximumOrders: 9) }
        try await database.finishRebuild()
        #expect(try await database.row("a") == projected("a", Array(life.prefix(2))))
    }

    /// A batch that began before the rebuild does not note its orders; so the start waits for it.
    @Test func theStartWaitsForBatchesInHand() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        let thread = try ThreadExecutor(name: "batch")
        let configuration = database.configuration
        let connection = try await thread.run { UncheckedBox(try PostgresConnection(configuration)) }
        try await thread.run {
            try connection.value.execute("BEGIN")
            let store = ProjectionStore(connection.value, topic: "orders", member: "other")
            let position = [Position(partition: 0, claim: claim.number, nextOffset: 1)]
            try store.requireHeld(connection.value.pipeline([store.holding(position)])[0], position)
        }
        try await database.askForRebuild()
        let start = Task { try await database.rebuildStep() }
        let waiting =
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            + "WHERE d.datname = current_database() AND NOT l.granted"
        while try await database.number(waiting) == 0 { await Task.yield() }
        let unstarted = "SELECT count(*) FROM order_projection_rebuild WHERE started_at IS NULL"
        #expect(try await database.number(unstarted) == 1)
        try await thread.run { try connection.value.execute("COMMIT") }
        #expect(try await start.value == .started)
        thread.shutdown()
    }

    @Test func aStepThatDiesIsDoneAgainByAnotherMember() async throws {
        let database = try await ProjectionDatabase()
        for index in 0..<5 { try await database.record("o-\(index)", life) }
        try await database.askForRebuild()
        try await database.rebuildStep()
        #expect(try await database.rebuildStep() == .filled(orders: 2))
        // A step that has written its rows and is not committed.
        let lock = try await TableLock(database, "LOCK TABLE order_projection_rebuild IN SHARE MODE")
        let step = Task { try await database.rebuildStep() }
        try await lock.untilAwaited()
        try await lock.terminateWaiting()
        await #expect(throws: PostgresError.self) { try await step.value }
        try await lock.release()
        // The dead member is respected for a while.
        #expect(try await database.rebuildStep(member: "heir") == .none)
        try await database.run {
            try $0.execute("UPDATE order_projection_rebuild SET worked_at = worked_at - interval '1 minute'")
        }
        #expect(try await database.rebuildStep(9, member: "heir") == .filled(orders: 3))
        #expect(try await database.rebuildStep(member: "heir") == .switched)
        #expect(try await database.number("SELECT count(*) FROM order_projection WHERE last_sequence_number = 4") == 5)
        #expect(try await database.number("SELECT orders FROM order_projection_rebuild") == 5)
    }

    @Test func aStopLeavesNothingBehind() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await database.record("a", life)
        try await database.askForRebuild()
        try await database.rebuildStep()
        try await database.rebuildStep()
        try await live("b", life, claim, database)
        try await database.stopRebuild()
        #expect(try await database.rebuildStep() == .stopped)
        #expect(try await database.leftovers() == 0)
        #expect(try await database.row("a") == nil)
        #expect(try await database.row("b") == projected("b", life))
        #expect(try await database.rebuildStep() == .none)
        // Another one begins from the start.
        try await database.askForRebuild()
        try await database.finishRebuild()
        #expect(try await database.row("a") == projected("a", life))
    }

    @Test func theRateBoundsTheWalk() async throws {
        let database = try await ProjectionDatabase()
        for index in 0..<9 { try await database.record("o-\(index)", [life[0]]) }
        try await database.askForRebuild(ordersPerSecond: 10)
        try await database.rebuildStep(100)
        let step = try await database.store { try $0.rebuildStep(maximumOrders: 100) }
        #expect(step.kind == .filled(orders: 2) && step.pause > .milliseconds(1) && step.pause <= .milliseconds(200))
        #expect([.early, .filled(orders: 2)].contains(try await database.rebuildStep(100)))
    }

    /// What reads the table itself would go on reading the old one.
    @Test func whatDependsOnTheTableStopsTheRebuildAndNotTheBatches() async throws {
        let database = try await ProjectionDatabase()
        let claim = try await claimed(database)
        try await database.run { try $0.execute("CREATE VIEW report AS SELECT * FROM order_projection") }
        try await database.askForRebuild()
        guard case .troubled(let why) = try await database.rebuildStep() else { throw TestFailure("no trouble") }
        #expect(why.contains("the view report"))
        #expect(try await database.text("SELECT trouble FROM order_projection_rebuild").contains("the view report"))
        try await live("a", life, claim, database)
        try await database.run {
            try $0.execute("DROP VIEW report; UPDATE order_projection_rebuild SET next_step_at = NULL")
        }
        try await database.finishRebuild()
        #expect(try await database.row("a") == projected("a", life))
    }

    /// A report that reads for long does not queue up everybody else behind the switch.
    @Test func theSwitchGivesWayToALongRead() async throws {
        let database = try await ProjectionDatabase()
        try await database.record("a", life)
        try await database.askForRebuild()
        try await database.rebuildStep()
        try await database.rebuildStep()
        let lock = try await TableLock(database, "SELECT count(*) FROM order_projection")
        guard case .troubled(let why) = try await database.rebuildStep() else { throw TestFailure("no trouble") }
        #expect(why.contains("lock"))
        #expect(try await database.rebuildStep() == .early)
        try await lock.release()
        try await database.run { try $0.execute("UPDATE order_projection_rebuild SET next_step_at = NULL") }
        #expect(try await database.rebuildStep() == .switched)
    }

    @Test func namesGrantsAndSettingsStay() async throws {
        let database = try await ProjectionDatabase()
        let names = """
            SELECT string_agg(c.relname || ' ' || pg_get_indexdef(i.indexrelid) || i.indisprimary, '; '
                              ORDER BY c.relname)
                   || (SELECT reloptions::text FROM pg_class WHERE oid = 'order_projection'::regclass)
                   || (SELECT string_agg(pg_get_constraintdef(oid), '; ' ORDER BY conname) FROM pg_constraint
                       WHERE conrelid = 'order_projection'::regclass)
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'order_projection'::regclass
            """
        let before = try await database.text(names)
        try await database.run { try $0.execute("GRANT SELECT ON order_projection TO PUBLIC") }
        try await database.run { try $0.execute("GRANT UPDATE (last_sequence_number) ON order_projection TO PUBLIC") }
        try await database.askForRebuild()
        try await database.finishRebuild()
        #expect(try await database.text(names) == before)
        let grants = "SELECT relacl::text FROM pg_class WHERE oid = 'order_projection'::regclass"
        #expect(try await database.text(grants).contains("=r/"))
        let columns = """
            SELECT count(*) FROM pg_attribute WHERE attrelid = 'order_projection'::regclass AND attacl IS NOT NULL
            """
        #expect(try await database.number(columns) == 1)
    }

    @Test func oneRebuildIsOpenAtATime() async throws {
        let database = try await ProjectionDatabase()
        try await database.askForRebuild()
        await #expect { try await database.askForRebuild() } throws: {
            ($0 as? PostgresError)?.sqlState == SQLState.uniqueViolation
        }
    }
}

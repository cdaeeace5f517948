import Consumers
import Orders
import OrdersProto
import Postgres
import TestKit
import Testing
import Threads

@testable import EventStore
@testable import OrdersAPI
@testable import Payments
@testable import Projection

/// Every prepared statement of the processes of orders, with a plan that was made while the tables were empty.
///
/// Nothing analyzes the tables in between, as in the first minutes of an installation: the plans stay as they are. The
/// measure is the number of buffers that a statement touches, not its time.
@Suite struct StatementPlansTests {
    /// More than any statement here needs for its few rows; less than the smallest index that could be read as a whole.
    private static let buffersPerCall: Int64 = 800

    @Test(.timeLimit(.minutes(5))) func aPlanMadeOnEmptyTablesStaysCheapWhenTheyGrow() async throws {
        let database = try await PlansDatabase()
        let sessions = try await Sessions(database)
        // Postgres prefers a generic plan from the sixth execution on.
        for round in 0..<6 {
            try await sessions.runEverything(round)
            try await sessions.projectUnguarded(round)
        }
        try await database.fill()
        try await database.reset()
        try await sessions.runEverything(6)
        let statements = try await database.statements()
        for statement in statements where statement.buffers > Self.buffersPerCall {
            Issue.record("\(statement.buffers) buffers: \(statement.text)")
        }
        // The statements were measured at all, and a plan that scans is found: the projector's before it had `byKey`.
        #expect(statements.count > 40)
        try await database.reset()
        try await sessions.projectUnguarded(7)
        let unguarded = try await database.statements()
        #expect(unguarded.contains { $0.buffers > Self.buffersPerCall })
        try await database.analyze()
        try await database.reset()
        try await sessions.listWithSeveralFilters()
        for statement in try await database.statements() where statement.buffers > Self.buffersPerCall {
            Issue.record("\(statement.buffers) buffers: \(statement.text)")
        }
        try await sessions.close()
    }
}

/// One session of each kind, used as its process uses it.
private final class Sessions: Sendable {
    private let store: EventStore
    private let running: Task<Void, Never>
    private let list: ProjectionOrderList
    private let projector: Session<ProjectionStore>
    /// With the plans that the server chooses.
    private let unguarded: Session<ProjectionStore>
    private let payments: Session<PaymentTables>

    init(_ database: PlansDatabase) async throws {
        var configuration = EventStoreConfiguration()
        configuration.minimumEventsToCache = 2
        let store = try EventStore(configuration: configuration, postgres: database.postgres, logger: silence)
        self.store = store
        running = Task { await store.run() }
        list = ProjectionOrderList(
            pool: try PostgresPool(ProjectionOrderList.connection(database.postgres), size: 1), logger: silence)
        let projecting = ProjectorConfiguration(postgres: database.postgres, member: "test").connection
        projector = try await Session {
            ProjectionStore(try PostgresConnection(projecting), topic: "orders", member: "test")
        }
        let postgres = database.postgres
        unguarded = try await Session {
            ProjectionStore(try PostgresConnection(postgres), topic: "orders", member: "unguarded")
        }
        let paying = PaymentsConfiguration(postgres: database.postgres).connection
        payments = try await Session { PaymentTables(try PostgresConnection(paying)) }
    }

    func close() async throws {
        store.shutdown()
        await running.value
        await list.pool.close()
        projector.close()
        unguarded.close()
        payments.close()
    }

    func runEverything(_ round: Int) async throws {
        try await useEventStore(round)
        try await project(round)
        try await pay(round)
        try await listOrders()
    }

    private func useEventStore(_ round: Int) async throws {
        let key = IdempotencyKey("round \(round)", requestHash: [1])
        let order = try await store.place(PlansDatabase.details, options: CommandOptions(idempotencyKey: key)).orderID
        _ = try await store.place(PlansDatabase.details, options: CommandOptions(idempotencyKey: key))
        let other = try await store.place(PlansDatabase.details).orderID
        _ = try await store.execute(.initiatePayment, on: order)
        _ = try await store.execute(
            .recordPayment, on: order,
            options: CommandOptions(idempotencyKey: IdempotencyKey("pay \(round)", requestHash: [2])))
        async let first = store.execute(.initiatePayment, on: other)
        async let second = store.execute(.cancel(reason: "no"), on: other)
        _ = (try? await first, try? await second)
        _ = try await store.load(order)
        _ = try await store.load(order)
        let events = try await store.history(other)
        _ = await store.execute([
            BatchedCommand(.initiatePayment, on: other, known: events.first.flatMap { KnownOrder(first: $0) })
        ])
        #expect(try await store.history(order).count == 3)
    }

    private func project(_ round: Int) async throws { try await apply(round, "round", projector) }

    func projectUnguarded(_ round: Int) async throws { try await apply(round, "unguarded", unguarded) }

    private func apply(_ round: Int, _ name: String, _ session: Session<ProjectionStore>) async throws {
        try await session.run { store in
            let claim = try store.claim([0], clusterID: "k", restarts: [0: 0], reason: "test")
            let names = (0..<10).map { "\(name)-\(round)-\($0)" }
            let events: [OrderEvent] = [.placed(PlansDatabase.details), .paymentInitiated, .paid]
            for (sequence, event) in events.enumerated() {
                let batch = try names.map { try message($0, Int64(sequence), event) }
                let position = Position(partition: 0, claim: claim.number, nextOffset: Int64(sequence))
                _ = try store.apply(allOf(batch), moving: [position], in: .first)
            }
            // Messages that show a gap: the histories are read from the event store.
            let gaps = try (0..<10).map { try message(PlansDatabase.filled($0), 7, .paid) }
            _ = try store.apply(
                allOf(gaps), moving: [Position(partition: 0, claim: claim.number, nextOffset: 9)], in: .first)
            #expect(try store.isHealingWanted())
            _ = try store.healChunk(maximumOrders: 20)
            _ = try store.knownPositions(of: [0], clusterID: "k")
        }
    }

    private func pay(_ round: Int) async throws {
        try await payments.run { tables in
            let walk = try #require(try tables.beginPass())
            let middle = PlansDatabase.middleOfEvents
            _ = try tables.unsettledOrders(middle..<middle + 500_000)
            let failed = (0..<10).map { (orderID: "round-\(round)-\($0)", problem: "no answer") }
            try tables.recordFailures(failed)
            try tables.recordFailures(failed)
            _ = try tables.takeDueRetries()
            _ = try tables.untilNextRetry()
            try tables.removeSettled(failed.map(\.orderID))
            try tables.endPass(walk)
        }
    }

    private func listOrders() async throws {
        let after = PageToken(
            createdAtMicroseconds: PlansDatabase.middleOfEvents, orderID: PlansDatabase.filled(PlansDatabase.orders / 2)
        )
        for position in [nil, after] {
            try await list(position) { _ in }
            try await list(position) { $0.customerID = "customer-7" }
            try await list(position) { $0.vendorID = "vendor-7" }
            // One order in a thousand.
            try await list(position) { $0.paymentStatus = .failed }
            try await list(position) { $0.shippingStatus = .cancelled }
        }
        _ = try await list.version(of: PlansDatabase.filled(7))
    }

    func listWithSeveralFilters() async throws {
        try await list(nil) { ($0.customerID, $0.paymentStatus) = ("customer-7", .paid) }
        try await list(nil) { ($0.vendorID, $0.paymentStatus) = ("vendor-7", .failed) }
        try await list(nil) { ($0.paymentStatus, $0.shippingStatus) = (.paid, .cancelled) }
        try await list(nil) { query in
            (query.customerID, query.vendorID) = ("customer-7", "vendor-7")
            (query.paymentStatus, query.shippingStatus) = (.paid, .delivered)
        }
    }

    private func list(_ after: PageToken?, _ filter: (inout OrderListQuery) -> Void) async throws {
        var query = OrderListQuery(limit: 10, isKeyset: true, after: after)
        filter(&query)
        _ = try await list.orders(query)
    }
}

/// A value with a connection, used on a thread of its own.
private final class Session<Value>: @unchecked Sendable {
    private let thread: ThreadExecutor
    private var value: Value?

    init(_ make: @escaping @Sendable () throws -> Value) async throws {
        thread = try ThreadExecutor(name: "plans-session")
        try await thread.run { self.value = try make() }
    }

    func run(_ body: @escaping @Sendable (Value) throws -> Void) async throws {
        try await thread.run { try body(#require(self.value)) }
    }

    func close() {
        thread.submit { self.value = nil }
        thread.shutdown()
    }
}

private func message(_ orderID: String, _ sequence: Int64, _ event: OrderEvent) throws -> ConsumedMessage {
    let (type, bytes) = try EventCodec.encode(event, orderID: orderID, at: PlansDatabase.middleOfEvents)
    return ConsumedMessage(
        partition: 0, offset: 0, orderID: orderID, sequenceNumber: sequence, eventType: type.rawValue,
        payload: bytes[...])
}

private func allOf(_ messages: [ConsumedMessage]) -> BatchFold {
    var gathering = Gathering()
    gathering.add(messages, nextOffsets: [:], at: .now)
    return gathering.take(leavingSince: nil, atMost: 0)
}

import EventStore
import Logging
import Orders
import Postgres
import Synchronization
import TestKit
import Threads

@testable import Payments

/// A database with a running event store.
final class PaymentDatabase: Sendable {
    let postgres: PostgresConfiguration
    let store: EventStore
    private let running: Task<Void, Never>

    init() async throws {
        let postgres = try await TestPostgres.configuration()
        self.postgres = postgres
        let store = try EventStore(postgres: postgres, logger: silence)
        self.store = store
        running = Task { await store.run() }
    }

    func close() async {
        store.shutdown()
        await running.value
    }

    func place(_ details: OrderDetails = details()) async throws -> String {
        try await store.place(details).orderID
    }

    func payment(_ orderID: String) async throws -> PaymentStatus? {
        try await store.load(orderID)?.state.paymentStatus
    }

    func number(_ sql: String) async throws -> Int64 {
        let postgres = postgres
        return try await onThread { try PostgresConnection(postgres).query(PostgresStatement(sql)).int64(0, 0) }
    }

    func execute(_ sql: String) async throws {
        let postgres = postgres
        try await onThread { try PostgresConnection(postgres).execute(sql) }
    }
}

/// Payments at work, and a way to wait for what they do.
final class RunningPayments: PaymentsObserver {
    private struct Heard {
        var happenings: [PaymentsHappening] = []
        var waiter: (met: @Sendable ([PaymentsHappening]) -> Bool, continuation: CheckedContinuation<Void, Never>)?
    }

    private let heard = Mutex(Heard())
    private let manager = Mutex<PaymentManager?>(nil)
    private let task = Mutex<Task<Void, any Error>?>(nil)

    init(
        _ database: PaymentDatabase, _ topic: MemoryTopic, _ gateway: any PaymentGateway,
        _ change: (inout PaymentsConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = PaymentsConfiguration(postgres: database.postgres)
        configuration.attemptsPerOrder = 2
        change(&configuration)
        let manager = try PaymentManager(
            configuration, store: database.store, gateway: gateway, observer: self, logger: silence
        ) { MemorySource(topic, $0) }
        self.manager.withLock { $0 = manager }
        task.withLock { $0 = Task { try await manager.run() } }
    }

    func paymentsDid(_ happening: PaymentsHappening) {
        let ready = heard.withLock { heard -> CheckedContinuation<Void, Never>? in
            heard.happenings.append(happening)
            guard let waiter = heard.waiter, waiter.met(heard.happenings) else { return nil }
            heard.waiter = nil
            return waiter.continuation
        }
        ready?.resume()
    }

    /// Returns when what has happened so far meets the condition.
    func until(_ met: @escaping @Sendable ([PaymentsHappening]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMet = heard.withLock { heard in
                if met(heard.happenings) { return true }
                heard.waiter = (met, continuation)
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    /// Returns when so many orders have been dealt with, in whatever way.
    func untilEnded(_ orders: Int) async {
        await until { $0.count { $0.isEnd } >= orders }
    }

    func untilRecovered(_ passes: Int) async {
        await until { $0.count { if case .recovered = $0 { true } else { false } } >= passes }
    }

    func requestStop() { manager.withLock { $0 }?.stop() }

    func stop() async throws {
        requestStop()
        try await task.withLock { $0 }?.value
    }
}

extension PaymentsHappening {
    var isEnd: Bool {
        switch self {
        case .paid, .declined, .voided, .failed, .nothingToDo: true
        case .recovered, .working, .status: false
        }
    }
}

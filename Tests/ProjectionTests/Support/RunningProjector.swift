import Logging
import Postgres
import Synchronization
import Threads

@testable import Projection

/// A projector at work, and a way to wait for what it does.
final class RunningProjector: ProjectorObserver {
    private struct Heard {
        var happenings: [ProjectorHappening] = []
        var waiter: (met: @Sendable ([ProjectorHappening]) -> Bool, continuation: CheckedContinuation<Void, Never>)?
    }

    private let heard = Mutex(Heard())
    private let projector = Mutex<Projector?>(nil)
    private let task = Mutex<Task<Void, any Error>?>(nil)

    init(_ postgres: PostgresConfiguration, _ topic: MemoryTopic) throws {
        var configuration = ProjectorConfiguration(postgres: postgres, member: "test")
        configuration.topic = "orders"
        configuration.healingChunkOrders = 3
        let projector = try Projector(
            configuration, observer: self, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) {
            MemorySource(topic, $0)
        }
        self.projector.withLock { $0 = projector }
        task.withLock { $0 = Task { try await projector.run() } }
    }

    func projectorDid(_ happening: ProjectorHappening) {
        let ready = heard.withLock { heard -> CheckedContinuation<Void, Never>? in
            heard.happenings.append(happening)
            guard let waiter = heard.waiter, waiter.met(heard.happenings) else { return nil }
            heard.waiter = nil
            return waiter.continuation
        }
        ready?.resume()
    }

    /// Returns when what has happened so far meets the condition.
    func until(_ met: @escaping @Sendable ([ProjectorHappening]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMet = heard.withLock { heard in
                if met(heard.happenings) { return true }
                heard.waiter = (met, continuation)
                return false
            }
            if isMet { continuation.resume() }
        }
    }

    func untilApplied(_ messages: Int) async {
        await until { $0.appliedMessages >= messages }
    }

    func untilWalked(_ times: Int) async {
        await until { $0.walks >= times }
    }

    func stop() async throws {
        projector.withLock { $0 }?.stop()
        try await task.withLock { $0 }?.value
    }
}

extension [ProjectorHappening] {
    var appliedMessages: Int {
        reduce(0) { if case .applied(let messages, _, _, _) = $1 { $0 + messages } else { $0 } }
    }

    var walks: Int { count { if case .healed(_, _, true) = $0 { true } else { false } } }

    var statuses: [ProjectorStatus] { compactMap { if case .status(let status) = $0 { status } else { nil } } }
}

public import Consumers
import Synchronization

/// Remembers what a consumer did, and lets a test wait for it.
public final class ConsumerLog<Happening: Sendable>: ConsumerObserver {
    /// What happened so far, in order.
    public struct Entries: Sendable {
        public fileprivate(set) var happenings: [Happening] = []
        public fileprivate(set) var statuses: [ConsumerStatus] = []
    }

    private struct State {
        var entries = Entries()
        var waiter: (isMet: @Sendable (Entries) -> Bool, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    public init() {}

    public var entries: Entries { state.withLock { $0.entries } }

    public func consumerDid(_ happening: Happening) { add { $0.happenings.append(happening) } }

    public func consumerIs(_ status: ConsumerStatus) { add { $0.statuses.append(status) } }

    private func add(_ change: (inout Entries) -> Void) {
        let ready = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state.entries)
            guard let waiter = state.waiter, waiter.isMet(state.entries) else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        ready?.resume()
    }

    /// Returns when what has happened so far meets the condition. One caller at a time.
    public func until(_ isMet: @escaping @Sendable (Entries) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMetAlready = state.withLock { state in
                if isMet(state.entries) { return true }
                state.waiter = (isMet, continuation)
                return false
            }
            if isMetAlready { continuation.resume() }
        }
    }

    /// Returns when so many happenings were of this kind.
    public func until(_ count: Int, _ isCounted: @escaping @Sendable (Happening) -> Bool) async {
        await until { $0.happenings.count(where: isCounted) >= count }
    }
}

/// A consumer at work, with its log.
public final class RunningConsumer<Happening: Sendable>: Sendable {
    public let log: ConsumerLog<Happening>
    private let requestsStop: @Sendable () -> Void
    private let task: Task<Void, any Error>

    /// - Parameters:
    ///   - run: runs the consumer until it is told to stop.
    ///   - stop: tells it.
    public init(
        _ log: ConsumerLog<Happening>, run: @escaping @Sendable () async throws -> Void,
        stop: @escaping @Sendable () -> Void
    ) {
        self.log = log
        requestsStop = stop
        task = Task { try await run() }
    }

    public func requestStop() { requestsStop() }

    /// Stops the consumer and returns when it has ended.
    public func stop() async throws {
        requestsStop()
        try await task.value
    }
}

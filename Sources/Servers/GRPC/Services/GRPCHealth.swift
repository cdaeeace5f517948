import NIOConcurrencyHelpers

/// The state of `grpc.health.v1.Health`: what `Check` answers and `Watch` reports, per service. The empty name stands
/// for the server as a whole.
public final class GRPCHealth: Sendable {
    /// Whether a service can be used.
    public enum Status: Sendable, Equatable {
        case serving
        case notServing
    }

    private let state = NIOLockedValueBox(State())

    private struct State {
        var statuses: [String: Status] = ["": .serving]
        var isDraining = false
        var isClosed = false
        var watchers: [UInt64: Watcher] = [:]
        var nextWatcher: UInt64 = 0

        func report(_ service: String) {
            for watcher in watchers.values where watcher.service == service {
                watcher.continuation.yield(statuses[service])
            }
        }
    }

    private struct Watcher {
        var service: String
        var continuation: AsyncStream<Status?>.Continuation
    }

    public init() {}

    /// Sets the status of one service and tells those who watch it. While draining, it stays NOT_SERVING.
    public func set(_ status: Status, for service: String = "") {
        state.withLockedValue { state in
            state.statuses[service] = state.isDraining ? .notServing : status
            state.report(service)
        }
    }

    /// Turns every service to NOT_SERVING for good: the first thing of a shutdown.
    public func drain() {
        state.withLockedValue { state in
            state.isDraining = true
            for service in state.statuses.keys {
                state.statuses[service] = .notServing
                state.report(service)
            }
        }
    }

    /// Ends every watch once it has reported the last status: a stream without an end would hold the shutdown up.
    public func endWatches() {
        let watchers = state.withLockedValue { state in
            state.isClosed = true
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.continuation.finish() }
    }

    /// The present status; nil when the service is not known.
    public func status(of service: String) -> Status? {
        state.withLockedValue { $0.statuses[service] }
    }

    /// The present status at once and each later one, until the watches are ended; only the newest is kept for a slow
    /// watcher.
    func watch(_ service: String) -> AsyncStream<Status?> {
        let (stream, continuation) = AsyncStream.makeStream(of: Status?.self, bufferingPolicy: .bufferingNewest(1))
        let (id, isClosed) = state.withLockedValue { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = Watcher(service: service, continuation: continuation)
            continuation.yield(state.statuses[service])
            return (state.nextWatcher, state.isClosed)
        }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        if isClosed { continuation.finish() }
        return stream
    }

    private func forget(_ id: UInt64) {
        _ = state.withLockedValue { $0.watchers.removeValue(forKey: id) }
    }

    /// Watchers that are registered; for tests.
    var watcherCount: Int { state.withLockedValue { $0.watchers.count } }
}

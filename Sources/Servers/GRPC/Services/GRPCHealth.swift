import NIOConcurrencyHelpers
import Synchronization

/// The status of each service, as `grpc.health.v1.Health` answers it in `Check` and reports it in `Watch`. The empty
/// name stands for the whole server. May be used on any thread.
public final class GRPCHealth: Sendable {
    /// Whether a service can be used.
    public enum Status: Sendable, Equatable {
        /// Calls are welcome.
        case serving
        /// Clients should go elsewhere.
        case notServing
    }

    private let state = NIOLockedValueBox(State())

    /// Whether the whole server is serving: what nearly every check asks for, without the lock.
    private let isServing = Atomic(true)

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

    /// The whole server is serving; other services are not known.
    public init() {}

    /// Sets the status of one service and reports it to its watches. After `drain()` it is always NOT_SERVING.
    public func set(_ status: Status, for service: String = "") {
        state.withLockedValue { state in
            state.statuses[service] = state.isDraining ? .notServing : status
            if service.isEmpty { isServing.store(state.statuses[service] == .serving, ordering: .relaxed) }
            state.report(service)
        }
    }

    /// Sets every service to NOT_SERVING for ever. The first step of a shutdown.
    public func drain() {
        state.withLockedValue { state in
            state.isDraining = true
            isServing.store(false, ordering: .relaxed)
            for service in state.statuses.keys {
                state.statuses[service] = .notServing
                state.report(service)
            }
        }
    }

    /// Ends every watch after it has reported the last status, because a stream without an end delays the shutdown.
    public func endWatches() {
        let watchers = state.withLockedValue { state in
            state.isClosed = true
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.continuation.finish() }
    }

    /// The present status; nil when the service is not known.
    func status(of service: String) -> Status? {
        if service.isEmpty { return isServing.load(ordering: .relaxed) ? .serving : .notServing }
        return state.withLockedValue { $0.statuses[service] }
    }

    /// The present status and each later one, until the watches are ended. A slow reader gets only the newest; nil
    /// stands for a service that is not known.
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

    /// The number of watches; for tests.
    var watcherCount: Int { state.withLockedValue { $0.watchers.count } }
}

// MARK: - The service

extension GRPCRouter {
    /// Registers `grpc.health.v1.Health`, `Check` and `Watch`, answering from `health`.
    public mutating func health(_ health: GRPCHealth) {
        unary("grpc.health.v1.Health", "Check") {
            (request: Grpc_Health_V1_HealthCheckRequest, _) -> Grpc_Health_V1_HealthCheckResponse in
            guard let status = health.status(of: request.service) else {
                throw GRPCError(.notFound, "unknown service")
            }
            return .init(status)
        }
        serverStreaming("grpc.health.v1.Health", "Watch") {
            (
                request: Grpc_Health_V1_HealthCheckRequest,
                writer: GRPCResponseWriter<Grpc_Health_V1_HealthCheckResponse>,
                _
            ) in
            var last: Grpc_Health_V1_HealthCheckResponse?
            for await status in health.watch(request.service) {
                let response = Grpc_Health_V1_HealthCheckResponse(status)
                if response != last { try await writer.write(response) }
                last = response
            }
            throw GRPCError(.unavailable, "the server is stopping")
        }
    }
}

extension Grpc_Health_V1_HealthCheckResponse {
    fileprivate init(_ status: GRPCHealth.Status?) {
        self.init()
        switch status {
        case .serving: self.status = .serving
        case .notServing: self.status = .notServing
        case nil: self.status = .serviceUnknown
        }
    }
}

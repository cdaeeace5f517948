import Admin
import GRPC
import Synchronization

/// Counts what was asked and how it went, for both faces.
final class RequestMetrics: GRPCObserver {
    /// Upper bounds in seconds: from a cached read to the longest wait.
    private static let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct Key: Hashable {
        let face: String
        let method: String
    }

    private let registry: MetricsRegistry
    private let methods = Mutex<[Key: MethodMetrics]>([:])

    init(_ registry: MetricsRegistry) {
        self.registry = registry
    }

    func observer(of method: String) -> any GRPCMethodObserver { metrics(face: "grpc", method: method) }

    /// The metrics of one method; keep them where calls are many.
    ///
    /// - Parameter method: one of few, never a client's own words: each makes a time series.
    func metrics(face: String, method: String) -> MethodMetrics {
        let key = Key(face: face, method: method)
        return methods.withLock { methods in
            if let known = methods[key] { return known }
            let made = make(key)
            methods[key] = made
            return made
        }
    }

    private func make(_ key: Key) -> MethodMetrics {
        let registry = registry
        let durations = registry.histogram(
            "orders_request_seconds", "Time from a request's head to its answer.", buckets: Self.buckets,
            labels: [("face", key.face)])
        return MethodMetrics(durations: durations) { status in
            registry.counter(
                "orders_requests_total", "Requests answered, by face, method and status.",
                labels: [("face", key.face), ("method", key.method), ("status", String(status))])
        }
    }
}

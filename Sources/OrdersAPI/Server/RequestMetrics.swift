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
        let status: Int
    }

    private let registry: MetricsRegistry
    private let counters = Mutex<[Key: Counter]>([:])
    private let histograms = Mutex<[String: Histogram]>([:])

    init(_ registry: MetricsRegistry) {
        self.registry = registry
    }

    /// - Parameters:
    ///   - method: one of few, never a client's own words: each makes a time series.
    ///   - status: of HTTP or of gRPC, as the face has it.
    func record(face: String, method: String, status: Int, duration: Duration) {
        counter(Key(face: face, method: method, status: status)).increment()
        let (seconds, attoseconds) = duration.components
        histogram(face).observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    func callEnded(method: String, status: GRPCStatusCode, duration: Duration) {
        record(face: "grpc", method: method, status: status.rawValue, duration: duration)
    }

    private func counter(_ key: Key) -> Counter {
        counters.withLock { counters in
            if let known = counters[key] { return known }
            let made = registry.counter(
                "orders_requests_total", "Requests answered, by face, method and status.",
                labels: [("face", key.face), ("method", key.method), ("status", String(key.status))])
            counters[key] = made
            return made
        }
    }

    private func histogram(_ face: String) -> Histogram {
        histograms.withLock { histograms in
            if let known = histograms[face] { return known }
            let made = registry.histogram(
                "orders_request_seconds", "Time from a request's head to its answer.", buckets: Self.buckets, labels: [("face", face)])
            histograms[face] = made
            return made
        }
    }
}

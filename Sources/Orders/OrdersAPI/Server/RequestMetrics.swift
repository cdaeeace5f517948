import Admin
import GRPC
import Synchronization

/// Counts requests and measures their durations, for both transports.
final class RequestMetrics: GRPCObserver {
    /// Upper bounds of the histogram in seconds: from a cached read to the longest wait.
    private static let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct Key: Hashable {
        let transport: String
        let method: String
    }

    private let registry: MetricsRegistry
    private let methods = Mutex<[Key: MethodMetrics]>([:])

    init(_ registry: MetricsRegistry) {
        self.registry = registry
    }

    func observer(of method: String) -> any GRPCMethodObserver { metrics(transport: "grpc", method: method) }

    /// The metrics of one method. The lookup takes a lock: a caller with many requests keeps the result.
    ///
    /// - Parameters:
    ///   - transport: `rest` or `grpc`; the value of the label `face`, whose name existing dashboards use.
    ///   - method: one of a few names and never a text of a client, because each makes a time series.
    func metrics(transport: String, method: String) -> MethodMetrics {
        let key = Key(transport: transport, method: method)
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
            labels: [("face", key.transport)])
        return MethodMetrics(durations: durations) { status in
            registry.counter(
                "orders_requests_total", "Requests answered, by face, method and status.",
                labels: [("face", key.transport), ("method", key.method), ("status", String(status))])
        }
    }
}

/// The metrics of one method, without a lookup per call.
final class MethodMetrics: GRPCMethodObserver {
    private let durations: Histogram
    private let makeCounter: @Sendable (Int) -> Counter
    /// By status. An array, because a method has few of them. A counter is made for the first answer with its status.
    private let counters = Mutex<[(status: Int, counter: Counter)]>([])

    init(durations: Histogram, makeCounter: @escaping @Sendable (_ status: Int) -> Counter) {
        self.durations = durations
        self.makeCounter = makeCounter
    }

    /// - Parameter status: of HTTP or of gRPC, by transport.
    func record(status: Int, duration: Duration) {
        counters.withLock { counters in
            if let known = counters.first(where: { $0.status == status }) { return known.counter.increment() }
            let made = makeCounter(status)
            made.increment()
            counters.append((status, made))
        }
        let (seconds, attoseconds) = duration.components
        durations.observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    func callEnded(_ status: GRPCStatusCode, duration: Duration) {
        record(status: status.rawValue, duration: duration)
    }
}

import Admin
import GRPC
import Synchronization

/// The counters of one method: found once, not at every call.
final class MethodMetrics: GRPCMethodObserver {
    private let durations: Histogram
    private let makeCounter: @Sendable (Int) -> Counter
    /// By status. A list, because a method meets few of them; a counter appears with the first answer of its kind.
    private let counters = Mutex<[(status: Int, counter: Counter)]>([])

    init(durations: Histogram, makeCounter: @escaping @Sendable (_ status: Int) -> Counter) {
        self.durations = durations
        self.makeCounter = makeCounter
    }

    /// - Parameter status: of HTTP or of gRPC, as the face has it.
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

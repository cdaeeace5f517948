import Synchronization
import Threads

/// How far an audit is. The threads of the audit write it, any thread reads it.
public final class AuditProgress: Sendable {
    private let done = Atomic(0)
    private let total = Atomic(0)
    private let change = Mutex<(@Sendable (Double) -> Void)?>(nil)

    /// - Parameter report: gets the share that is done, from 0 to 1, now and then, on any thread.
    public init(report: (@Sendable (Double) -> Void)? = nil) { change.withLock { $0 = report } }

    /// Rows, events and records of which there are so many at least.
    func expect(_ count: Int) { total.store(max(1, count), ordering: .relaxed) }

    /// So many more were read.
    func add(_ count: Int) {
        let done = done.wrappingAdd(count, ordering: .relaxed).newValue
        let total = total.load(ordering: .relaxed)
        guard total > 0 else { return }
        // Statistics may be old, and judging comes at the end.
        change.withLock { $0 }?(min(0.99, Double(done) / Double(total)))
    }
}

import Synchronization

/// A number that only grows.
public final class Counter: Metric {
    private let value = Atomic<Int>(0)

    public func increment(by amount: Int = 1) {
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    public var total: Int { value.load(ordering: .relaxed) }

    /// For a total that is counted elsewhere.
    public func set(_ total: Int) {
        value.store(total, ordering: .relaxed)
    }

    func write(name: String, labels: String, to text: inout String) {
        text += labels.isEmpty ? "\(name) \(total)\n" : "\(name){\(labels)} \(total)\n"
    }
}

import Synchronization

/// A number that goes up and down.
public final class Gauge: Metric {
    private let bits = Atomic<UInt64>(0)

    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func write(name: String, labels: String, to text: inout String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}

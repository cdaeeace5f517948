/// A number that is computed when somebody looks, such as an age.
final class ComputedGauge: Metric {
    private let value: @Sendable () -> Double

    init(_ value: @escaping @Sendable () -> Double) {
        self.value = value
    }

    func write(name: String, labels: String, to text: inout String) {
        text += labels.isEmpty ? "\(name) \(value())\n" : "\(name){\(labels)} \(value())\n"
    }
}

/// Carries a value to the one thread that uses it. Whoever holds the box must touch the value on that thread only.
final class ThreadConfined<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: sending Value) {
        self.value = value
    }
}

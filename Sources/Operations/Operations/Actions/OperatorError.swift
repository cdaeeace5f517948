/// Why an action cannot be done. Nothing was changed.
public struct OperatorError: Error, Sendable, CustomStringConvertible {
    /// One sentence for the person who asked.
    public let description: String

    init(_ description: String) { self.description = description }
}

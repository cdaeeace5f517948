/// What a health endpoint answers.
public struct Health: Sendable {
    public let isOK: Bool
    /// One line for the operator: what it is doing, or why it is not well.
    public let message: String

    public init(isOK: Bool, message: String) {
        self.isOK = isOK
        self.message = message
    }

    public static func ok(_ message: String = "ok") -> Health { Health(isOK: true, message: message) }
    public static func failing(_ message: String) -> Health { Health(isOK: false, message: message) }
}

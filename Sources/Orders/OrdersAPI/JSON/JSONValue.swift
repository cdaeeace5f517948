/// A JSON text as read: numbers keep their digits, objects their order.
indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number's text, a valid JSON number.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// What to call this kind of value in a message to a client.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The bounds of an order's texts, the same for every way a command comes in.
public enum OrderLimits {
    /// The longest identifier (order, customer, vendor, product, payment method), in characters.
    public static let maximumIdentifierCharacters = 255
    /// The longest reason of a cancellation or a declined payment, in characters.
    public static let maximumReasonCharacters = 1024

    /// What is wrong with an identifier, as the rest of a sentence that starts with its field; nil if nothing is.
    public static func problem(ofIdentifier value: String) -> String? {
        problem(of: value, maximumCharacters: maximumIdentifierCharacters)
    }

    /// What is wrong with a reason, as the rest of a sentence that starts with its field; nil if nothing is.
    public static func problem(ofReason value: String) -> String? {
        problem(of: value, maximumCharacters: maximumReasonCharacters)
    }

    /// Characters are Unicode scalars, as Postgres and OpenAPI count them. A NUL cannot be stored in a Postgres text.
    private static func problem(of value: String, maximumCharacters: Int) -> String? {
        if value.isEmpty || value.utf8.count > maximumCharacters,
            !(1...maximumCharacters).contains(value.unicodeScalars.count)
        {
            return "must have 1 to \(maximumCharacters) characters"
        }
        return value.utf8.contains(0) ? "must not contain a NUL character" : nil
    }
}

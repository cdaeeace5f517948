import Runtime

/// The outboxes that one process forwards, as `RELAY_OUTBOXES` lists them: `orders,billing`.
///
/// Each has a suffix, such as `__BILLING`: a variable with it is for that outbox alone.
struct OutboxNames: Equatable {
    /// Each has three threads, three connections and two Kafka clients; more belong into a second process.
    static let maximum = 16
    static let maximumCharacters = 40

    let names: [String]

    /// - Returns: nil when the variable is not set: then there is one outbox, without a name.
    init?(_ environment: EnvironmentReader) {
        guard let text = environment.optionalString("RELAY_OUTBOXES") else { return nil }
        names = text.split(separator: ",").map { $0.drop { $0 == " " } }.map {
            String($0.reversed().drop { $0 == " " }.reversed())
        }
        for name in names where !Self.isValid(name) {
            environment.report(
                "RELAY_OUTBOXES",
                "'\(name)' is no name: up to \(Self.maximumCharacters) letters, digits and single _ or -, a letter "
                    + "first"
            )
        }
        if Set(suffixes).count < names.count { environment.report("RELAY_OUTBOXES", "'\(text)' names an outbox twice") }
        if names.isEmpty || names.count > Self.maximum {
            environment.report(
                "RELAY_OUTBOXES", "'\(text)' names \(names.count) outboxes; 1 to \(Self.maximum) are possible")
        }
    }

    var suffixes: [String] { names.map { Self.suffix($0) } }

    /// `eu-orders` has the suffix `__EU_ORDERS`.
    static func suffix(_ name: String) -> String {
        "__" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    private static func isValid(_ name: String) -> Bool {
        name.count <= maximumCharacters && name.wholeMatch(of: /[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*/) != nil
    }
}

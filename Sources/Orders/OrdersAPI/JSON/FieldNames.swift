/// The fields that an object may have, in both spellings.
struct FieldNames: Sendable {
    private let names: [String]
    private let otherSpellings: [String]

    /// - Parameter names: in snake_case.
    init(_ names: [String]) {
        self.names = names
        otherSpellings = names.map(Self.camelCase)
    }

    var count: Int { names.count }

    subscript(index: Int) -> String { names[index] }

    func index(of name: String) -> Int? {
        names.firstIndex(of: name) ?? otherSpellings.firstIndex(of: name)
    }

    /// `customer_id` becomes `customerId`.
    static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}

/// The mapping an outbox was adopted with, read back from its ``SourceMapping/text``.
struct StoredMapping: Equatable, Sendable {
    private(set) var columns: [SourceColumn: String] = [:]
    private(set) var headers: [(name: String, column: String)] = []

    /// nil if the text cannot be told apart into its parts, because a column's name has a comma or an equals sign.
    init?(_ text: String) {
        var mapping = SourceMapping()
        for part in text.split(separator: ", ") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard sides.count == 2 else { return nil }
            if let name = SourceColumn(rawValue: sides[0]) {
                mapping.columns[name] = sides[1]
            } else if sides[0].hasPrefix("header ") {
                mapping.headers.append((String(sides[0].dropFirst("header ".count)), sides[1]))
            } else {
                return nil
            }
        }
        guard mapping.text == text else { return nil }
        columns = mapping.columns
        headers = mapping.headers
    }

    static func == (one: StoredMapping, other: StoredMapping) -> Bool {
        one.columns == other.columns && one.headers.map(\.name) == other.headers.map(\.name)
            && one.headers.map(\.column) == other.headers.map(\.column)
    }
}

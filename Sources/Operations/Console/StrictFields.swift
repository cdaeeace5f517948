/// The fields of an object, all of which are known.
struct StrictFields<Field: CodingKey & CaseIterable & Equatable> {
    private let container: KeyedDecodingContainer<Field>

    init(_ decoder: any Decoder) throws {
        let known = Set(Field.allCases.map(\.stringValue))
        for key in try decoder.container(keyedBy: AnyField.self).allKeys where !known.contains(key.stringValue) {
            throw Self.fault(key, "there is no such field", decoder.codingPath)
        }
        container = try decoder.container(keyedBy: Field.self)
    }

    func required<T: Decodable>(_ field: Field) throws -> T { try container.decode(T.self, forKey: field) }

    /// nil if it is missing; null is a mistake.
    func optional<T: Decodable>(_ field: Field) throws -> T? {
        container.contains(field) ? try container.decode(T.self, forKey: field) : nil
    }

    /// A text that is neither empty nor has NUL, which Postgres refuses.
    func text(_ field: Field) throws -> String? {
        let text: String? = try optional(field)
        if let text, text.isEmpty || text.utf8.contains(0) {
            throw Self.fault(field, text.isEmpty ? "is empty; leave it out" : "has a NUL", container.codingPath)
        }
        return text
    }

    func requiredText(_ field: Field) throws -> String {
        guard let text = try text(field) else { throw fault(field, "is missing") }
        return text
    }

    /// Why something is done: a text with a bound that is not blank.
    func reason(_ field: Field) throws -> String? {
        guard let reason = try text(field) else { return nil }
        guard reason.contains(where: { !$0.isWhitespace }) else { throw fault(field, "say why; it is kept") }
        guard reason.unicodeScalars.count <= ConsoleLimits.reasonCharacters else {
            throw fault(field, "at most \(ConsoleLimits.reasonCharacters) characters")
        }
        return reason
    }

    /// Names or values of headers, which Postgres keeps as texts.
    func checkHeaders(_ field: Field, _ texts: some Sequence<String>, mayBeEmpty: Bool) throws {
        for text in texts where text.utf8.contains(0) || !mayBeEmpty && text.isEmpty {
            throw fault(field, text.isEmpty ? "a header has no name" : "has a NUL")
        }
    }

    func refuse(beside fields: [Field], _ why: String) throws {
        for key in container.allKeys where !fields.contains(key) { throw Self.fault(key, why, container.codingPath) }
    }

    private func fault(_ field: Field, _ why: String) -> DecodingError {
        Self.fault(field, why, container.codingPath)
    }

    private static func fault(_ key: any CodingKey, _ why: String, _ path: [any CodingKey]) -> DecodingError {
        DecodingError.dataCorrupted(.init(codingPath: path + [key], debugDescription: why))
    }
}

private struct AnyField: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

import FoundationEssentials

/// JSON with the field names that programs may rely on: those of the types, in snake_case. A field without a value is
/// left out.
public enum OperatorJSON {
    /// One line, or several for people.
    public static func text(_ value: some Encodable, isPretty: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Whether a text is one JSON value.
    static func isValue(_ text: String) -> Bool {
        (try? JSONDecoder().decode(AnyValue.self, from: Data(text.utf8))) != nil
    }

    /// Accepts whatever the parser accepts.
    private struct AnyValue: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    /// Reads what ``text(_:isPretty:)`` writes.
    public static func value<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(text.utf8))
    }
}

extension OperatorJSON {
    /// The members of an object whose values are strings; other values keep their JSON.
    static func strings(_ object: String) throws -> [String: String] {
        try JSONDecoder().decode([String: LooseString].self, from: Data(object.utf8)).mapValues(\.text)
    }

    /// An object of strings, whose names stay as they are.
    static func object(_ members: [String: String]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(members), as: UTF8.self)
    }

    /// A string, or a number or truth value as it is written.
    private struct LooseString: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self.text = text
            } else if let flag = try? container.decode(Bool.self) {
                text = "\(flag)"
            } else if let number = try? container.decode(Double.self) {
                text = "\(number)"
            } else {
                text = "…"
            }
        }
    }
}

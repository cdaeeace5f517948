import Values

/// The parameters of a request's query, read one at a time by their names in the contract. A client may spell a name in
/// snake_case or in camelCase.
///
/// An unknown parameter is refused: without that, a misspelt `limt=50` would be ignored. Violations are collected, so
/// that one answer names all of them: call ``finish()`` after the last parameter.
struct QueryParameters {
    private var values: [String: String] = [:]
    private var violations: [FieldViolation] = []

    /// - Parameters:
    ///   - query: the part after the question mark, percent-encoded.
    ///   - names: the parameters that the request may have, in snake_case.
    init(_ query: Substring, names: [String]) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let given = PercentDecoding.decode(parts[0], plusIsSpace: true),
                let value = PercentDecoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else {
                violations.append(FieldViolation("query", "is not percent-encoded UTF-8"))
                continue
            }
            guard let name = names.first(where: { $0 == given || Self.camelCase($0) == given }) else {
                let shown = given.unicodeScalars.prefix(64).map(String.init).joined()
                violations.append(FieldViolation(shown, "there is no such query parameter"))
                continue
            }
            if values.updateValue(value, forKey: name) != nil {
                violations.append(FieldViolation(name, "is given more than once"))
            }
        }
    }

    /// Empty if absent.
    mutating func string(_ name: String) -> String {
        values.removeValue(forKey: name) ?? ""
    }

    /// Like ``string(_:)``, but a parameter without a value is refused.
    mutating func nonEmptyString(_ name: String) -> String {
        guard let text = values.removeValue(forKey: name) else { return "" }
        if text.isEmpty { violations.append(FieldViolation(name, "must not be empty")) }
        return text
    }

    /// Nil if absent.
    mutating func optionalUInt32(_ name: String) -> UInt32? {
        guard let text = values.removeValue(forKey: name) else { return nil }
        guard let value = UInt32(asciiDigits: text) else {
            violations.append(FieldViolation(name, "must be a whole number from 0 to \(UInt32.max)"))
            return nil
        }
        return value
    }

    /// False if absent.
    mutating func bool(_ name: String) -> Bool {
        switch values.removeValue(forKey: name) {
        case nil, "false": return false
        case "true": return true
        default:
            violations.append(FieldViolation(name, "must be true or false"))
            return false
        }
    }

    /// One of the names of an enumeration; nil if absent.
    mutating func choice<Value>(_ name: String, _ choices: [(String, Value)]) -> Value? {
        guard let text = values.removeValue(forKey: name) else { return nil }
        if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
        violations.append(FieldViolation(name, "must be one of \(choices.map { $0.0 }.joined(separator: ", "))"))
        return nil
    }

    /// - Throws: INVALID_ARGUMENT with the violations so far, if there are any.
    func finish() throws(APIError) {
        guard violations.isEmpty else { throw APIError.invalid(violations) }
    }

    /// Converts each part of a path on its own: `at_least.order_id` is `atLeast.orderId`.
    private static func camelCase(_ name: String) -> String {
        name.split(separator: ".").map { FieldNames.camelCase(String($0)) }.joined(separator: ".")
    }
}

extension UInt32 {
    /// Parses one or more ASCII digits; nil for anything else, including a sign, and for a number out of range.
    init?(asciiDigits text: some StringProtocol) {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(text)
    }
}

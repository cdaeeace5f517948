import SwiftProtobuf

/// The members of a request's JSON object, read one field at a time by their names in the contract.
///
/// Values are read as the JSON mapping of proto3 has it: `null` stands for an absent field, a number may be in quotes,
/// an enumeration may be a name or a number, and a name may be in snake_case or in camelCase. Unknown fields are
/// refused, as the mapping wants by default: a misspelt field would be ignored otherwise. Violations are collected, so
/// that one answer names all of them: call ``finish()`` after the last field.
struct JSONFields {
    private let names: FieldNames
    /// By the index of the name.
    private var values: [JSONValue?]
    private var violations: [FieldViolation] = []

    /// - Parameter names: the fields that the object may have.
    /// - Throws: INVALID_ARGUMENT if the body is not a JSON object.
    init(_ body: [UInt8], names: FieldNames) throws(APIError) {
        self.names = names
        values = Array(repeating: nil, count: names.count)
        let value: JSONValue
        do {
            value = try JSONReader.read(body)
        } catch {
            throw APIError.invalid("body", "not valid JSON at byte \(error.byteOffset): \(error.problem)")
        }
        guard case .object(let object) = value else {
            throw APIError.invalid("body", "must be a JSON object, not \(value.kind)")
        }
        for member in object {
            guard let index = names.index(of: member.name) else {
                violations.append(FieldViolation(Self.shortened(member.name), "there is no such field"))
                continue
            }
            if values[index] != nil {
                violations.append(FieldViolation(names[index], "is given in both spellings"))
            }
            values[index] = member.value
        }
    }

    /// Nil if absent or null.
    private mutating func take(_ name: String) -> JSONValue? {
        guard let index = names.index(of: name) else { return nil }
        defer { values[index] = nil }
        if case .null? = values[index] { return nil }
        return values[index]
    }

    /// Empty if absent.
    mutating func string(_ name: String) -> String {
        switch take(name) {
        case nil: return ""
        case .string(let text): return text
        case .some(let other): return refuse(name, "must be a string, not \(other.kind)", "")
        }
    }

    /// Zero if absent. A number without a fraction is an integer in every notation: `5`, `5.0`, `5e0`.
    mutating func int32(_ name: String) -> Int32 {
        integer(name) ?? 0
    }

    /// Nil if absent.
    mutating func optionalUInt32(_ name: String) -> UInt32? {
        integer(name)
    }

    /// Zero if absent. Digits finer than a cent are refused even if the nearest `Double` does not show them.
    mutating func price(_ name: String) -> Double {
        switch take(name) {
        case nil: return 0
        case .string(let text) where !JSONReader.isNumber(text): return refuse(name, "must be a number", 0)
        case .number(let text), .string(let text):
            let decimal = JSONDecimal(text)
            guard decimal.fractionDigits <= 2, let value = Double(text), value.isFinite else {
                return refuse(
                    name, decimal.fractionDigits > 2 ? RequestValidation.priceTooFine : RequestValidation.priceTooLarge,
                    0)
            }
            return value
        case .some(let other): return refuse(name, "must be a number, not \(other.kind)", 0)
        }
    }

    /// - Throws: INVALID_ARGUMENT with the violations so far, if there are any.
    func finish() throws(APIError) {
        guard violations.isEmpty else { throw APIError.invalid(violations) }
    }

    private mutating func integer<Value: FixedWidthInteger>(_ name: String) -> Value? {
        switch take(name) {
        case nil: return nil
        case .number(let text), .string(let text):
            guard let value: Value = Self.integer(text) else {
                return refuse(name, "must be a whole number from \(Value.min) to \(Value.max)", nil)
            }
            return value
        case .some(let other): return refuse(name, "must be a whole number, not \(other.kind)", nil)
        }
    }

    private static func integer<Value: FixedWidthInteger>(_ text: String) -> Value? {
        guard JSONReader.isNumber(text) else { return nil }
        return Value(text) ?? JSONDecimal(text).integer()
    }

    private mutating func refuse<Value>(_ name: String, _ problem: String, _ value: Value) -> Value {
        violations.append(FieldViolation(name, problem))
        return value
    }

    /// A client's text in an error message is bounded: 64 characters.
    private static func shortened(_ name: String) -> String {
        name.unicodeScalars.count <= 64 ? name : String(String.UnicodeScalarView(name.unicodeScalars.prefix(64))) + "…"
    }

    /// A value of an enumeration, by its name or number; nil if absent. A number that has no name is a value, too.
    mutating func choice<Value: Enum>(_ name: String, _ choices: [(String, Value)]) -> Value? {
        switch take(name) {
        case nil: return nil
        case .string(let text):
            if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
            if let number: Int32 = Self.integer(text) { return Value(rawValue: Int(number)) }
            return refuse(name, "must be one of \(choices.map { $0.0 }.joined(separator: ", "))", nil)
        case .number(let text):
            if let number: Int32 = Self.integer(text) { return Value(rawValue: Int(number)) }
            return refuse(name, "must be the name or the number of a value", nil)
        case .some(let other): return refuse(name, "must be a name or a number, not \(other.kind)", nil)
        }
    }
}

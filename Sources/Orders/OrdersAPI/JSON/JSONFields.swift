/// The members of a request's JSON object, read one field at a time by their names in the contract.
///
/// A client may spell a name in snake_case or in camelCase. Violations are collected, so that one answer names all of
/// them: call ``finish()`` after the last field.
struct JSONFields {
    private var members: [String: JSONValue] = [:]
    private var violations: [FieldViolation] = []

    /// - Parameter names: the fields that the object may have, in snake_case.
    /// - Throws: INVALID_ARGUMENT if the body is not a JSON object.
    init(_ body: [UInt8], names: [String]) throws(APIError) {
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
            guard let name = names.first(where: { $0 == member.name || Self.camelCase($0) == member.name }) else {
                violations.append(FieldViolation(Self.shortened(member.name), "there is no such field"))
                continue
            }
            if members.updateValue(member.value, forKey: name) != nil {
                violations.append(FieldViolation(name, "is given in both spellings"))
            }
        }
    }

    /// Empty if absent.
    mutating func string(_ name: String) -> String {
        switch members.removeValue(forKey: name) {
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
        switch members.removeValue(forKey: name) {
        case nil: return 0
        case .number(let text):
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
        switch members.removeValue(forKey: name) {
        case nil: return nil
        case .number(let text):
            guard let value = Value(text) ?? JSONDecimal(text).integer() else {
                return refuse(name, "must be a whole number from \(Value.min) to \(Value.max)", nil)
            }
            return value
        case .some(let other): return refuse(name, "must be a whole number, not \(other.kind)", nil)
        }
    }

    private mutating func refuse<Value>(_ name: String, _ problem: String, _ value: Value) -> Value {
        violations.append(FieldViolation(name, problem))
        return value
    }

    /// `customer_id` becomes `customerId`.
    static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    /// A client's text in an error message is bounded: 64 characters.
    private static func shortened(_ name: String) -> String {
        name.unicodeScalars.count <= 64 ? name : String(String.UnicodeScalarView(name.unicodeScalars.prefix(64))) + "…"
    }

    /// One of the names of an enumeration; nil if absent.
    mutating func choice<Value>(_ name: String, _ choices: [(String, Value)]) -> Value? {
        switch members.removeValue(forKey: name) {
        case nil: return nil
        case .string(let text):
            if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
            return refuse(name, "must be one of \(choices.map { $0.0 }.joined(separator: ", "))", nil)
        case .some(let other): return refuse(name, "must be a string, not \(other.kind)", nil)
        }
    }
}

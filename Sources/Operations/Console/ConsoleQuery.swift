import HTTPTypes
import Hummingbird
import Operations

/// The parameters of a question, read one by one. Each that is used is crossed out; those that are left are a mistake.
struct ConsoleQuery {
    private var values: [String: String] = [:]

    /// - Throws: ``ConsoleError`` for a parameter that is there twice.
    init(_ request: Request) throws {
        for (key, value) in request.uri.queryParameters {
            guard values.updateValue(String(value), forKey: String(key)) == nil else {
                throw ConsoleError(.badRequest, "\(key): given more than once")
            }
        }
    }

    /// nil if it is missing or empty.
    mutating func text(_ name: String) -> String? {
        guard let value = values.removeValue(forKey: name), !value.isEmpty else { return nil }
        return value
    }

    /// A whole number within a range.
    mutating func number<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) throws -> Number? {
        guard let text = text(name) else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw ConsoleError(
                .badRequest, "\(name): '\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of the values of an enumeration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type) throws -> Choice?
    where Choice.RawValue == String {
        guard let text = text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConsoleError(.badRequest, "\(name): '\(text)' is none of \(words)")
        }
        return choice
    }

    /// Refuses what no question has asked for: a misspelt filter must not show everything.
    func finish() throws {
        guard let name = values.keys.sorted().first else { return }
        throw ConsoleError(.badRequest, "\(name): there is no such parameter")
    }
}

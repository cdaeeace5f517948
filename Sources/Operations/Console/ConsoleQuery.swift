import HTTPTypes
import Hummingbird
import Operations
import Values

/// The parameters of a question, read one by one. Each that is used is crossed out; those that are left are a mistake.
struct ConsoleQuery {
    private var values: [String: String] = [:]

    /// Browsers write a space as `+`.
    ///
    /// - Throws: ``ConsoleError`` for a parameter that is there twice, or cannot be decoded.
    init(_ request: Request) throws {
        for part in (request.uri.query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = PercentDecoding.decode(pair[0], plusIsSpace: true),
                let value = PercentDecoding.decode(pair.count > 1 ? pair[1] : "", plusIsSpace: true)
            else { throw ConsoleError(.badRequest, "query: is not percent-encoded UTF-8") }
            guard values.updateValue(value, forKey: key) == nil else {
                throw ConsoleError(.badRequest, "\(key): given more than once")
            }
        }
    }

    /// nil if it is missing.
    mutating func text(_ name: String) throws -> String? {
        guard let value = values.removeValue(forKey: name) else { return nil }
        guard !value.isEmpty else { throw ConsoleError(.badRequest, "\(name): is empty; leave it out") }
        return value
    }

    /// `true` or `false`; false if it is missing.
    mutating func flag(_ name: String) throws -> Bool {
        guard let text = try text(name) else { return false }
        guard let flag = Bool(text) else {
            throw ConsoleError(.badRequest, "\(name): '\(text)' is neither true nor false")
        }
        return flag
    }

    /// A whole number within a range.
    mutating func number<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) throws -> Number? {
        guard let text = try text(name) else { return nil }
        guard !text.hasPrefix("+"), let number = Number(text), range.contains(number) else {
            throw ConsoleError(
                .badRequest, "\(name): '\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of the values of an enumeration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type) throws -> Choice?
    where Choice.RawValue == String {
        guard let text = try text(name) else { return nil }
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

/// A fail point and what is to happen there: the value of `OUTBOX_FAIL_POINT`, `name[:count][:action]`.
public struct FailPointSetting: Equatable, Sendable, CustomStringConvertible {
    /// What happens.
    public enum Action: String, CaseIterable, Sendable {
        /// The process ends at once, as by `kill -9`.
        case kill
        /// The process stands still until SIGCONT.
        case stop
        /// An error is thrown there.
        case error
    }

    /// The variable.
    public static let variable = "OUTBOX_FAIL_POINT"
    /// How many times a point may be passed before.
    public static let counts = 1...1_000_000

    /// Where.
    public var point: FailPoint
    /// The how manieth time it happens there; once, and never again in this process.
    public var count: Int
    /// What happens.
    public var action: Action

    /// By default the first time, and `kill`.
    public init(_ point: FailPoint, count: Int = 1, action: Action = .kill) {
        (self.point, self.count, self.action) = (point, count, action)
    }

    /// Reads the text of the variable.
    ///
    /// - Throws: ``SabotageError`` that says what is wrong.
    public init(_ text: String) throws(SabotageError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let point = FailPoint(rawValue: String(parts[0])) else {
            let names = FailPoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw SabotageError("there is no fail point '\(parts[0])'; there are \(names)")
        }
        self.init(point)
        var rest = parts.dropFirst()
        if let part = rest.first, let number = Int(part) {
            guard Self.counts.contains(number) else {
                throw SabotageError("the count \(number) is not in 1 to \(Self.counts.upperBound)")
            }
            count = number
            rest = rest.dropFirst()
        }
        if let part = rest.first, let action = Action(rawValue: String(part)) {
            self.action = action
            rest = rest.dropFirst()
        }
        guard let part = rest.first else { return }
        let actions = Action.allCases.map(\.rawValue).joined(separator: ", ")
        throw SabotageError("'\(part)' is out of place: expected name[:count][:action], with an action of \(actions)")
    }

    /// The text that ``init(_:)`` reads.
    public var description: String { "\(point.rawValue):\(count):\(action.rawValue)" }
}

/// Why a process cannot be broken as it is asked for.
public struct SabotageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

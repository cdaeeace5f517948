/// Every problem of a process's environment at once, each naming its variable.
///
/// Values are quoted only where they cannot be secrets.
public struct ConfigurationError: Error, CustomStringConvertible {
    public struct Problem: Sendable, Equatable {
        public let variable: String
        public let message: String
    }

    public var problems: [Problem]

    public init(problems: [Problem]) {
        self.problems = problems
    }

    public init(_ variable: String, _ message: String) {
        self.init(problems: [Problem(variable: variable, message: message)])
    }

    public var description: String {
        problems.map { "\($0.variable): \($0.message)" }.joined(separator: "\n")
    }
}

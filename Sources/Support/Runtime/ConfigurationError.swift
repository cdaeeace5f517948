/// Every problem of a process's environment at once, each naming its variable.
///
/// Values are quoted only where they cannot be secrets.
public struct ConfigurationError: Error, CustomStringConvertible {
    /// One setting that cannot be used.
    public struct Problem: Sendable, Equatable {
        /// The environment variable to change.
        public let variable: String
        /// What is wrong with its value, and where it helps, what is expected. One line.
        public let message: String
    }

    /// At least one, in the order in which they were found.
    public var problems: [Problem]

    /// - Parameter problems: at least one.
    public init(problems: [Problem]) {
        assert(!problems.isEmpty, "an error without a problem tells nothing")
        self.problems = problems
    }

    /// An error with one problem.
    public init(_ variable: String, _ message: String) {
        self.init(problems: [Problem(variable: variable, message: message)])
    }

    /// One line for each problem: `VARIABLE: message`.
    public var description: String {
        problems.map { "\($0.variable): \($0.message)" }.joined(separator: "\n")
    }
}

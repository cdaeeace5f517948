/// What went wrong between us and Postgres.
///
/// `description` is safe to log: it never holds parameters, rows or connection strings. `detail` is the server's DETAIL
/// line, which may quote values and belongs in debug output only.
public struct PostgresError: Error, Sendable {
    /// Extensible on purpose: callers switch over the codes they know and treat the rest as a failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String
        /// The connection could not be made or is lost; what was in flight has an unknown outcome.
        public static let connection = Code(description: "connection")
        /// The server refused; `sqlState` says why.
        public static let server = Code(description: "server")
        /// The deadline passed; the connection is no longer usable.
        public static let deadline = Code(description: "deadline")
        /// A column did not hold what was asked for.
        public static let decoding = Code(description: "decoding")
        /// The pool has more waiters than it allows, or is closed.
        public static let pool = Code(description: "pool")
        /// A migration is missing, edited or out of order.
        public static let migration = Code(description: "migration")
        /// The call itself is wrong: bad configuration or bad use.
        public static let usage = Code(description: "usage")
    }

    public var code: Code
    public var message: String
    /// Five characters, as in the PostgreSQL manual's appendix A.
    public var sqlState: String?
    public var detail: String?
    public var hint: String?
    public var constraint: String?
    /// Which query of a pipeline failed, counted from 0; nil when the commit at Sync failed.
    public var statementIndex: Int?

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the connection died, so that the outcome of what was in flight is unknown.
    ///
    /// Class 57P is a server going down or an operator ending the backend; 25P03 is an idle-in-transaction time-out.
    public var isConnectionLost: Bool {
        if code == .connection || code == .deadline { return true }
        guard let sqlState else { return false }
        return sqlState.hasPrefix("57P") || sqlState.hasPrefix("08") || sqlState == "25P03"
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        guard let sqlState else { return "Postgres \(code): \(message)" }
        return "Postgres \(code) \(sqlState): \(message)"
    }

    public var debugDescription: String {
        var text = description
        if let constraint { text += " (constraint \(constraint))" }
        if let detail { text += " DETAIL: \(detail)" }
        if let hint { text += " HINT: \(hint)" }
        if let statementIndex { text += " in statement \(statementIndex)" }
        return text
    }
}

import CLibPQ
import Values

/// A failure of Postgres, of the connection to it or of this module's use.
///
/// `description` is safe to log: it never holds parameters, rows or connection strings. `detail` is the server's DETAIL
/// line, which may quote values and belongs in debug output only.
public struct PostgresError: Error, Sendable {
    /// Extensible on purpose: callers switch over the codes they know and treat the rest as a failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// One word, safe to log.
        public let description: String
        /// The connection could not be made or is lost; statements in flight have an unknown outcome.
        public static let connection = Code(description: "connection")
        /// The server refused; `sqlState` says why.
        public static let server = Code(description: "server")
        /// The deadline passed; the connection is no longer usable.
        public static let deadline = Code(description: "deadline")
        /// A column did not hold a value of the type that was asked for.
        public static let decoding = Code(description: "decoding")
        /// The pool has more waiters than it allows, or is closed.
        public static let pool = Code(description: "pool")
        /// A migration is missing, edited or out of order.
        public static let migration = Code(description: "migration")
        /// A transaction pooler is in between where the session must be kept.
        public static let pooler = Code(description: "pooler")
        /// The call itself is wrong: bad configuration or bad use.
        public static let usage = Code(description: "usage")
    }

    /// The kind of failure.
    public var code: Code
    /// One line, safe to log.
    public var message: String
    /// Five characters, as in the PostgreSQL manual's appendix A; nil when the server did not send one. See
    /// ``SQLState``.
    public var sqlState: String?
    /// The server's DETAIL; it may quote values of rows.
    public var detail: String?
    /// The server's HINT.
    public var hint: String?
    /// The name of the constraint that was violated.
    public var constraint: String?
    /// The index of the query of a pipeline that failed, counted from 0; nil when the commit at Sync failed.
    public var statementIndex: Int?

    /// - Parameter message: one line, safe to log.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the connection is lost, so that the outcome of statements in flight is unknown.
    ///
    /// Class 57P is a server going down or an operator ending the backend; 25P03 is an idle-in-transaction time-out.
    public var isConnectionLost: Bool {
        if code == .connection || code == .deadline || code == .pooler { return true }
        guard let sqlState else { return false }
        return sqlState.hasPrefix("57P") || sqlState.hasPrefix("08") || sqlState == "25P03"
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Code, SQLSTATE and message in one line, safe to log.
    public var description: String {
        guard let sqlState else { return "Postgres \(code): \(message)" }
        return "Postgres \(code) \(sqlState): \(message)"
    }

    /// The description with DETAIL and HINT, which may quote values.
    public var debugDescription: String {
        var text = description
        if let constraint { text += " (constraint \(constraint))" }
        if let detail { text += " DETAIL: \(detail)" }
        if let hint { text += " HINT: \(hint)" }
        if let statementIndex { text += " in statement \(statementIndex)" }
        return text
    }
}

extension PostgresError {
    /// The error that a result of libpq holds; nil for a result of a statement that succeeded.
    init?(in result: OpaquePointer) {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_PIPELINE_SYNC, PGRES_EMPTY_QUERY: return nil
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            self.init(.usage, "COPY is not supported")
            return
        default: break
        }
        let state = Self.field(result, pq_diag_sqlstate)
        let text = PQresultErrorMessage(result).map { Escaping.singleLine(String(cString: $0)) } ?? ""
        self.init(state == nil ? .connection : .server, Self.field(result, pq_diag_message_primary) ?? text)
        sqlState = state
        detail = Self.field(result, pq_diag_message_detail)
        hint = Self.field(result, pq_diag_message_hint)
        constraint = Self.field(result, pq_diag_constraint_name)
    }

    private static func field(_ result: OpaquePointer, _ code: Int32) -> String? {
        PQresultErrorField(result, code).map { String(cString: $0) }
    }
}

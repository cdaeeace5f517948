import Synchronization

/// One SQL statement, prepared at its first use on each connection.
///
/// Keep statements in `static let`: a connection remembers a statement's identity, not its text.
public struct PostgresStatement: Sendable, ExpressibleByStringLiteral {
    /// One statement, with `$1`, `$2` … for its parameters.
    public let sql: String
    /// Whether Postgres plans the statement at every use, for the values of its parameters and the present statistics.
    let isPlannedEachTime: Bool
    let id: Int

    /// Every call makes a statement of its own, also for the same text.
    ///
    /// - Parameter isPlannedEachTime: never prepare the statement, in any session. Planning costs more than a lookup by
    ///   key; for statements whose best index depends on their parameters. Default false.
    public init(_ sql: String, isPlannedEachTime: Bool = false) {
        self.sql = sql
        self.isPlannedEachTime = isPlannedEachTime
        self.id = Self.nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    /// The same as ``init(_:)``.
    public init(stringLiteral value: StringLiteralType) {
        self.init(value)
    }

    /// The name under which a connection prepares the statement.
    var name: String { "s\(id)" }

    private static let nextID = Atomic<Int>(0)
}

/// A statement with its parameters, for ``PostgresConnection/pipeline(_:)``.
public struct PostgresQuery {
    /// Prepared at its first use on the connection.
    public let statement: PostgresStatement
    /// The values of `$1`, `$2` …, at most 65,535.
    public let parameters: [PostgresParameter]

    /// Sends nothing.
    public init(_ statement: PostgresStatement, _ parameters: [PostgresParameter] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}

/// A statement that ``PostgresConnection/start(_:_:)`` sent, and whose answer is taken in later.
public final class PostgresStarted {
    /// nil until the answer was taken in.
    var outcome: Result<PostgresResult, PostgresError>?
    /// Of the class in which it was started.
    let patience: PostgresConnection.Patience

    init(_ patience: PostgresConnection.Patience) {
        self.patience = patience
    }
}

import Synchronization

/// One SQL statement, prepared at its first use on each connection.
///
/// Keep statements in `static let`: the identity, not the text, is what a connection remembers.
public struct PostgresStatement: Sendable, ExpressibleByStringLiteral {
    public let sql: String
    let id: Int

    public init(_ sql: String) {
        self.sql = sql
        self.id = Self.nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    public init(stringLiteral value: StringLiteralType) {
        self.init(value)
    }

    var name: String { "s\(id)" }

    private static let nextID = Atomic<Int>(0)
}

/// A statement with its parameters.
public struct PostgresQuery {
    public let statement: PostgresStatement
    public let parameters: [PostgresParameter]

    public init(_ statement: PostgresStatement, _ parameters: [PostgresParameter] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}

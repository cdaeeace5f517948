import Postgres

/// Reads rows of a cut one by one, because one of them cannot be read: what the relay's view makes of its columns
/// fails, for a text that is no UTF-8 for instance. Such a row is found, and its key is set aside.
struct SingleRows {
    private let connection: PostgresConnection
    private let statements: CutStatements
    /// The ids of the next rows, in order.
    private var ids: ArraySlice<Int64> = []

    init(_ connection: PostgresConnection, _ statements: CutStatements) {
        self.connection = connection
        self.statements = statements
    }

    var isEmpty: Bool { ids.isEmpty }

    /// Whether the server says that a value is to blame, and not a query or a connection: class 22, data exception.
    static func isToBlame(_ error: PostgresError) -> Bool { error.sqlState?.hasPrefix("22") == true }

    static func reason(_ error: PostgresError) -> PublishFailure {
        PublishFailure(.row, "the row cannot be read: \(error.message) (SQLSTATE \(error.sqlState ?? ""))")
    }

    /// Begins behind this row.
    mutating func find(published: Snapshot, draining: Snapshot, after outboxID: Int64) throws {
        let found = try connection.query(
            statements.ids,
            [
                .literal(String(published.xmax)), .literal(published.inProgressArray), .literal(draining.text),
                .int8(outboxID),
                .int8(Int64(OutboxLimits.rowsReadSingly)),
            ])
        ids = try (0..<found.count).map { try found.int64($0, 0) }[...]
    }

    /// The next row behind this one, as a chunk of its own; nil if there is none left.
    mutating func next(after outboxID: Int64) throws -> Chunk? {
        ids = ids.drop { $0 <= outboxID }
        guard let id = ids.popFirst() else { return nil }
        do {
            return try Chunk(try connection.query(statements.one, [.int8(id)]), isLast: false)
        } catch let error as PostgresError where Self.isToBlame(error) {
            return Chunk(unreadable: UnreadableRow(outboxID: id, key: try key(of: id), reason: Self.reason(error)))
        }
    }

    /// Where the key itself is to blame, the row is one of its own.
    private func key(of id: Int64) throws -> OutboxKey {
        do {
            return try readKey(of: id)
        } catch let error as PostgresError where Self.isToBlame(error) {
            return OutboxKey(aggregateType: "unreadable", aggregateID: "outbox_id \(id)")
        }
    }

    private func readKey(of id: Int64) throws -> OutboxKey {
        let found = try connection.query(statements.key, [.int8(id)])
        return OutboxKey(aggregateType: try found.string(0, 0), aggregateID: try found.string(0, 1))
    }
}

/// A row that the server cannot give us.
struct UnreadableRow {
    var outboxID: Int64
    var key: OutboxKey
    var reason: PublishFailure
}

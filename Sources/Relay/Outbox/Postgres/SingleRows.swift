import Postgres

/// Reads rows of a cut one by one where one of them cannot be read: an expression of the relay's view fails, for a text
/// that is no UTF-8 for instance. Such a row is found, and its key is set aside.
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

    /// Whether the fault is a value, and not a query or a connection: class 22, data exception.
    static func isToBlame(_ error: PostgresError) -> Bool { error.sqlState?.hasPrefix("22") == true }

    static func reason(_ error: PostgresError) -> PublishFailure {
        PublishFailure(.row, "the row cannot be read: \(error.message) (SQLSTATE \(error.sqlState ?? ""))")
    }

    /// Reads the ids of the rows behind this row.
    mutating func find(published: Snapshot, draining: Snapshot, after outboxID: Int64) throws {
        let found = try connection.query(
            statements.ids,
            [
                .literal(String(published.xmax)), .literal(published.inProgressArray), .literal(draining.text),
                .int8(outboxID), .int8(Int64(OutboxLimits.rowsReadSingly)),
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

    /// Where the key itself cannot be read, the row gets a key of its own.
    private func key(of id: Int64) throws -> OutboxKey {
        do {
            return try readKey(of: id)
        } catch let error as PostgresError where Self.isToBlame(error) {
            return OutboxKey(aggregateType: "unreadable", aggregateID: "outbox_id \(id)")
        }
    }

    private enum KeyColumn: Int { case aggregateType, aggregateID }

    private func readKey(of id: Int64) throws -> OutboxKey {
        let found = try connection.query(statements.key, [.int8(id)])
        return OutboxKey(
            aggregateType: try found.string(0, KeyColumn.aggregateType),
            aggregateID: try found.string(0, KeyColumn.aggregateID))
    }
}

/// A row that cannot be read.
struct UnreadableRow {
    var outboxID: Int64
    var key: OutboxKey
    var reason: PublishFailure
}

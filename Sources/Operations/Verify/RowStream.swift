import Operations
import Postgres

/// The rows of a query through a cursor: so many at a time that a fetch has a bounded number of bytes, and the next
/// ones are on their way while these are read.
final class RowStream {
    private let connection: PostgresConnection
    private var asked = VerifyLimits.firstRowsPerFetch
    private var ahead: PostgresStarted?
    /// The rows at hand, and the number of the current one.
    private(set) var rows: PostgresResult
    private(set) var row = -1
    private var isLast = false

    /// - Parameter query: in the connection's open transaction.
    init(_ connection: PostgresConnection, _ query: String) throws {
        self.connection = connection
        try connection.execute("DECLARE audit NO SCROLL CURSOR FOR \(query)")
        rows = try connection.query(Self.fetch(asked))
        try look()
    }

    private static func fetch(_ count: Int) -> PostgresStatement {
        PostgresStatement("FETCH FORWARD \(count) FROM audit", isPlannedEachTime: true)
    }

    /// Asks for the next rows as soon as these are here.
    private func look() throws {
        isLast = rows.count < asked
        guard !isLast else { return }
        let average = max(1, bytes / max(1, rows.count))
        asked = max(1, min(VerifyLimits.rowsPerFetch, VerifyLimits.bytesPerFetch / average, asked * 4))
        ahead = try connection.start(Self.fetch(asked))
    }

    /// Of the rows at hand, from a sample: rows of one table look alike.
    private var bytes: Int {
        let step = max(1, rows.count / 64)
        var total = 0
        for row in stride(from: 0, to: rows.count, by: step) { total += rows.byteCount(row) * step }
        return total
    }

    /// Goes to the next row; false behind the last one.
    func next() throws -> Bool {
        row += 1
        if row < rows.count { return true }
        guard !isLast, let started = ahead else { return false }
        rows = try connection.result(of: started)
        row = 0
        try look()
        return rows.count > 0
    }

    func bytes(_ column: Int) -> UnsafeRawBufferPointer { rows.unsafeBytes(row, column) }
    func int64(_ column: Int) throws -> Int64 { try rows.int64(row, column) }
    func isNull(_ column: Int) -> Bool { rows.isNull(row, column) }
    func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }
}

/// A snapshot that several connections read.
struct SharedSnapshot: Sendable {
    let postgres: PostgresConfiguration
    let id: String

    /// Runs `body` on a connection of its own that sees the snapshot. Locks are held until it ends.
    func reading<T>(_ body: (PostgresConnection) throws -> T) throws -> T {
        let connection = try PostgresConnection(postgres)
        return try connection.transaction(.repeatableRead) {
            try connection.execute("SET TRANSACTION SNAPSHOT \(PostgresConnection.quoteLiteral(id))")
            try connection.execute(
                """
                SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL jit = off;
                SET LOCAL cursor_tuple_fraction = 1; SET LOCAL idle_in_transaction_session_timeout = 0
                """)
            return try body(connection)
        }
    }
}

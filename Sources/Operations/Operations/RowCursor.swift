import Postgres

/// Reads the columns of one row one after the other, in the order in which the statement names them.
struct RowCursor {
    private let rows: PostgresResult
    private let row: Int
    private var column = 0

    init(_ rows: PostgresResult, _ row: Int = 0) {
        self.rows = rows
        self.row = row
    }

    private mutating func next() -> Int {
        defer { column += 1 }
        return column
    }

    /// The same column of another row.
    func moved(to row: Int) -> RowCursor {
        var cursor = RowCursor(rows, row)
        cursor.column = column
        return cursor
    }

    /// The number of a column that has a value; nil for NULL.
    private mutating func filled() -> Int? {
        let column = next()
        return rows.isNull(row, column) ? nil : column
    }

    mutating func int64() throws -> Int64 { try rows.int64(row, next()) }
    mutating func int() throws -> Int { Int(try int64()) }
    mutating func int32() throws -> Int32 { try rows.int32(row, next()) }
    mutating func bool() throws -> Bool { try rows.bool(row, next()) }
    mutating func text() throws -> String { try rows.string(row, next()) }
    mutating func moment() throws -> Moment { Moment(microseconds: try rows.timestampMicroseconds(row, next())) }

    mutating func optionalInt64() throws -> Int64? { try filled().map { try rows.int64(row, $0) } }
    mutating func optionalDouble() throws -> Double? { try filled().map { try rows.double(row, $0) } }
    mutating func optionalInt32() throws -> Int32? { try filled().map { try rows.int32(row, $0) } }
    mutating func optionalText() throws -> String? { try filled().map { try rows.string(row, $0) } }
    mutating func optionalBytes() throws -> [UInt8]? { try filled().map { try rows.bytes(row, $0) } }
    mutating func optionalMoment() throws -> Moment? {
        try filled().map { Moment(microseconds: try rows.timestampMicroseconds(row, $0)) }
    }
}

extension PostgresResult {
    /// A cursor for each row.
    var cursors: [RowCursor] { (0..<count).map { RowCursor(self, $0) } }
}

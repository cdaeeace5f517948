import CLibPQ
public import Values

/// The rows of one query, still in libpq's memory, and how many rows it changed.
///
/// Rows and columns count from 0. Getters decode the binary format and throw
/// ``PostgresError/Code-swift.struct/decoding`` when a column is NULL, of another width, or not there.
public final class PostgresResult {
    private let handle: OpaquePointer
    /// The number of rows.
    public let count: Int
    /// Of a result that no server made.
    private let madeAffectedRows: Int?

    /// Takes ownership of `handle`.
    init(_ handle: OpaquePointer, affectedRows: Int? = nil) {
        self.handle = handle
        self.count = Int(PQntuples(handle))
        madeAffectedRows = affectedRows
    }

    deinit {
        PQclear(handle)
    }

    /// The number of rows that an INSERT, UPDATE, DELETE or SELECT affected; 0 for other commands.
    public var affectedRows: Int {
        madeAffectedRows ?? PQcmdTuples(handle).flatMap { Int(String(cString: $0)) } ?? 0
    }

    private var columnCount: Int { Int(PQnfields(handle)) }

    private func columnName(_ column: Int) -> String {
        PQfname(handle, Int32(column)).map { String(cString: $0) } ?? ""
    }

    /// Whether the value is NULL. Also true for a column that is not there.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(handle, Int32(row), Int32(column)) == 1
    }

    /// The value's bytes, empty for NULL. Valid while the result lives.
    public func unsafeBytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let length = PQgetlength(handle, Int32(row), Int32(column))
        return UnsafeRawBufferPointer(start: PQgetvalue(handle, Int32(row), Int32(column)), count: Int(length))
    }

    /// A `bigint`.
    public func int64(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        try integer(row, column, as: Int64.self)
    }

    /// An `integer`.
    public func int32(_ row: Int, _ column: Int) throws(PostgresError) -> Int32 {
        try integer(row, column, as: Int32.self)
    }

    /// A `double precision`.
    public func double(_ row: Int, _ column: Int) throws(PostgresError) -> Double {
        Double(bitPattern: try integer(row, column, as: UInt64.self))
    }

    /// A `boolean`.
    public func bool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool {
        try integer(row, column, as: UInt8.self) != 0
    }

    /// A `text`, or any type whose binary format is its text.
    public func string(_ row: Int, _ column: Int) throws(PostgresError) -> String {
        String(decoding: try bytesOrThrow(row, column), as: UTF8.self)
    }

    /// A `text`; nil for NULL.
    public func optionalString(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : String(decoding: unsafeBytes(row, column), as: UTF8.self)
    }

    /// A `bytea`, copied.
    public func bytes(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8] {
        Array(try bytesOrThrow(row, column))
    }

    /// A `uuid`.
    public func uuid(_ row: Int, _ column: Int) throws(PostgresError) -> UUIDBytes {
        guard let value = UUIDBytes(bytes: try bytesOrThrow(row, column)) else {
            throw wrongWidth(column, expected: 16)
        }
        return value
    }

    /// A `timestamptz` as microseconds since 1970; the largest value for the last 30 years of its range and for
    /// infinity.
    public func timestampMicroseconds(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        PostgresEpoch.microsecondsSince1970(try integer(row, column, as: Int64.self))
    }

    /// The value's bytes as text; empty for NULL. For results in text format.
    func text(_ row: Int, _ column: Int) -> String {
        String(decoding: unsafeBytes(row, column), as: UTF8.self)
    }

    private func integer<Value: FixedWidthInteger>(
        _ row: Int, _ column: Int, as type: Value.Type
    ) throws(PostgresError) -> Value {
        let bytes = try bytesOrThrow(row, column)
        guard bytes.count == MemoryLayout<Value>.size else {
            throw wrongWidth(column, expected: MemoryLayout<Value>.size)
        }
        return Value(bigEndian: bytes.loadUnaligned(as: Value.self))
    }

    private func bytesOrThrow(_ row: Int, _ column: Int) throws(PostgresError) -> UnsafeRawBufferPointer {
        guard row < count, column < columnCount else {
            throw PostgresError(.decoding, "no row \(row), column \(column) in a result of \(count) × \(columnCount)")
        }
        guard !isNull(row, column) else {
            throw PostgresError(.decoding, "column \(columnName(column)) is NULL")
        }
        return unsafeBytes(row, column)
    }

    private func wrongWidth(_ column: Int, expected: Int) -> PostgresError {
        PostgresError(.decoding, "column \(columnName(column)) is not \(expected) bytes wide")
    }
}

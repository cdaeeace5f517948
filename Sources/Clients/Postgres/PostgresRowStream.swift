import CLibPQ

/// The rows of one long query, one at a time: COPY sends them in binary, and no more than a row and a buffer of the
/// socket are in memory. A row costs half of what it costs through a cursor.
///
/// The connection does nothing else until the last row was read. It is given up when the stream is released before.
public final class PostgresRowStream {
    /// A value in the message: where it begins, and its length; -1 for NULL.
    private struct Field {
        var start: Int
        var count: Int
    }

    private static let signatureBytes = 11
    private let connection: PostgresConnection
    private let columns: Int
    private let fields: UnsafeMutablePointer<Field>
    /// Of libpq; nil before the first row and behind the last one.
    private var message: UnsafeMutablePointer<CChar>?
    private var length = 0
    private var isBegun = false
    private var isOver = false

    /// Sends the query, which has no parameters. Blocks until the server begins to answer.
    ///
    /// - Parameter columns: how many the query has.
    /// - Throws: ``PostgresError``, of the query as well.
    public init(_ connection: PostgresConnection, columns: Int, _ query: String) throws(PostgresError) {
        (self.connection, self.columns) = (connection, columns)
        fields = .allocate(capacity: columns)
        fields.initialize(repeating: Field(start: 0, count: -1), count: columns)
        isOver = true
        try connection.startCopy(query)
        isOver = false
    }

    deinit {
        PQfreemem(message)
        fields.deallocate()
        if !isOver { connection.close() }
    }

    /// Goes to the next row; false behind the last one.
    public func next() throws(PostgresError) -> Bool {
        while !isOver {
            PQfreemem(message)
            message = nil
            guard let (message, length) = try connection.copied() else {
                isOver = true
                return false
            }
            (self.message, self.length) = (message, length)
            if try read() { return true }
        }
        return false
    }

    /// Finds the values of a row; false if the message has none.
    private func read() throws(PostgresError) -> Bool {
        var position = 0
        if !isBegun {
            // Signature, flags, and an extension with its length.
            position = Self.signatureBytes + 4
            position += 4 + Int(try integer(at: position, as: Int32.self))
            isBegun = true
            if position == length { return false }
        }
        let count = Int(try integer(at: position, as: Int16.self))
        if count < 0 { return false }
        guard count == columns else { throw malformed }
        position += 2
        for column in 0..<columns {
            let size = Int(try integer(at: position, as: Int32.self))
            position += 4
            fields[column] = Field(start: position, count: size)
            position += max(0, size)
        }
        guard position <= length else { throw malformed }
        return true
    }

    private func integer<Value: FixedWidthInteger>(at position: Int, as type: Value.Type) throws(PostgresError) -> Value
    {
        guard let message, position >= 0, position + MemoryLayout<Value>.size <= length else { throw malformed }
        return Value(bigEndian: UnsafeRawPointer(message).loadUnaligned(fromByteOffset: position, as: Value.self))
    }

    private var malformed: PostgresError { PostgresError(.decoding, "a row of COPY is malformed") }

    // MARK: - Values of the row

    /// Whether the value is NULL.
    public func isNull(_ column: Int) -> Bool {
        precondition(column < columns, "the query has \(columns) columns")
        return fields[column].count < 0
    }

    /// The value's bytes, empty for NULL. Valid until the next row.
    public func bytes(_ column: Int) -> UnsafeRawBufferPointer {
        precondition(column < columns, "the query has \(columns) columns")
        let field = fields[column]
        guard let message, field.count >= 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: UnsafeRawPointer(message) + field.start, count: field.count)
    }

    /// A `bigint`.
    public func int64(_ column: Int) throws(PostgresError) -> Int64 { try integer(column) }

    /// An `integer`.
    public func int32(_ column: Int) throws(PostgresError) -> Int32 { try integer(column) }

    /// A `timestamptz`, as ``PostgresResult/timestampMicroseconds(_:_:)``.
    public func timestampMicroseconds(_ column: Int) throws(PostgresError) -> Int64 {
        PostgresEpoch.microsecondsSince1970(try int64(column))
    }

    private func integer<Value: FixedWidthInteger>(_ column: Int) throws(PostgresError) -> Value {
        let bytes = bytes(column)
        guard bytes.count == MemoryLayout<Value>.size else {
            throw PostgresError(.decoding, "column \(column) is NULL or not \(MemoryLayout<Value>.size) bytes wide")
        }
        return Value(bigEndian: bytes.loadUnaligned(as: Value.self))
    }
}

extension PostgresConnection {
    /// Sends COPY, and waits until the server begins to answer.
    fileprivate func startCopy(_ query: String) throws(PostgresError) {
        try requireUsable()
        guard standIn == nil else { throw PostgresError(.usage, "a stand-in answers no COPY") }
        guard PQsendQuery(handle, "COPY (\(query)) TO STDOUT (FORMAT binary)") == 1 else { throw lost() }
        beginWaiting()
        statementCount += 1
        guard let first = try nextResult() else { throw lost() }
        defer { PQclear(first) }
        // While a copy lasts, every further result is this one again.
        guard PQresultStatus(first) != PGRES_COPY_OUT else { return }
        guard let failure = PostgresError(in: first) else { throw lost(.usage, "the answer to COPY is no copy") }
        while let extra = try nextResult() { PQclear(extra) }
        throw noting(failure)
    }

    /// The next message, which the caller frees; nil behind the last one.
    fileprivate func copied() throws(PostgresError) -> (UnsafeMutablePointer<CChar>, Int)? {
        var isWaiting = false
        while true {
            var message: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(handle, &message, 1)
            if count > 0, let message { return (message, Int(count)) }
            if count == -1 {
                try finishCopy()
                return nil
            }
            guard count == 0 else { throw lost() }
            // What the caller did with the rows before is not the server's silence.
            if !isWaiting { beginWaiting() }
            isWaiting = true
            try awaitSocket(toWrite: false)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    private func finishCopy() throws(PostgresError) {
        var failure: PostgresError?
        while let raw = try nextResult() {
            failure = failure ?? PostgresError(in: raw)
            PQclear(raw)
        }
        if let failure { throw noting(failure) }
    }
}

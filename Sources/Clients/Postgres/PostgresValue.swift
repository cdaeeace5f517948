import CLibPQ

/// One value of a row that no server made, as its binary format has it.
package enum PostgresValue: Equatable, Sendable {
    case null, bool(Bool), int4(Int32), int8(Int64), text(String)
    /// The bytes of any other type.
    case bytes([UInt8])

    /// A `timestamptz`, from microseconds since 1970.
    package static func timestamp(_ microseconds: Int64) -> PostgresValue {
        .int8(microseconds - PostgresEpoch.microsecondsAfter1970)
    }

    fileprivate func withBytes(_ body: (UnsafeRawBufferPointer?) -> Void) {
        switch self {
        case .null: body(nil)
        case .bool(let value): withUnsafeBytes(of: value ? UInt8(1) : 0, body)
        case .int4(let value): withUnsafeBytes(of: value.bigEndian, body)
        case .int8(let value): withUnsafeBytes(of: value.bigEndian, body)
        case .text(var value): value.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        case .bytes(let value): value.withUnsafeBytes(body)
        }
    }
}

extension PostgresResult {
    /// A result in libpq's memory that no server made.
    ///
    /// - Parameters:
    ///   - columns: how many values each row has; a row may have fewer, and the others are NULL.
    ///   - affectedRows: nil: as many as there are rows.
    package convenience init(columns: Int, rows: [[PostgresValue]] = [], affectedRows: Int? = nil) {
        guard let made = PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK) else { preconditionFailure("no memory") }
        "?".withCString { name in
            var attribute = PGresAttDesc()
            attribute.name = UnsafeMutablePointer(mutating: name)
            attribute.format = 1
            var attributes = Array(repeating: attribute, count: max(1, columns))
            PQsetResultAttrs(made, Int32(attributes.count), &attributes)
        }
        for (row, values) in rows.enumerated() {
            assert(values.count <= max(1, columns), "a row has more values than there are columns")
            for (column, value) in values.enumerated() {
                value.withBytes { Self.set(made, row, column, $0) }
            }
            // libpq makes the row with its first value.
            if values.isEmpty { Self.set(made, row, 0, nil) }
        }
        self.init(made, affectedRows: affectedRows ?? rows.count)
    }

    private static func set(_ made: OpaquePointer, _ row: Int, _ column: Int, _ bytes: UnsafeRawBufferPointer?) {
        let value = bytes.flatMap { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
        // An empty text needs an address, and NULL has a length of its own.
        var empty: CChar = 0
        withUnsafeMutablePointer(to: &empty) { nothing in
            let start = value?.assumingMemoryBound(to: CChar.self) ?? nothing
            PQsetvalue(made, Int32(row), Int32(column), start, bytes.map { Int32($0.count) } ?? -1)
        }
    }
}

extension PostgresParameter {
    /// The value as a stand-in reads it: an integer, or the text of any other type; nil for NULL and for an array.
    package var standInValue: PostgresValue? {
        guard let bytes else { return PostgresValue.null }
        if !isBinary { return .text(String(decoding: bytes.dropLast(), as: UTF8.self)) }
        switch oid {
        case PostgresType.int8.oid, PostgresType.timestamptz.oid: return .int8(Self.integer(bytes))
        case PostgresType.int4.oid: return .int4(Self.integer(bytes))
        case PostgresType.text.oid: return .text(String(decoding: bytes, as: UTF8.self))
        default: return nil
        }
    }

    /// The elements of a one-dimensional array without NULLs, as bytes; empty for any other value.
    package var standInElements: [[UInt8]] {
        guard isBinary, let bytes, bytes.count > 20 else { return [] }
        let count: Int32 = Self.integer(bytes[12..<16])
        var elements: [[UInt8]] = []
        var position = 20
        for _ in 0..<count {
            let length: Int32 = Self.integer(bytes[position..<position + 4])
            elements.append(Array(bytes[position + 4..<position + 4 + Int(length)]))
            position += 4 + Int(length)
        }
        return elements
    }

    private static func integer<Value: FixedWidthInteger>(_ bytes: some Sequence<UInt8>) -> Value {
        bytes.reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }
}

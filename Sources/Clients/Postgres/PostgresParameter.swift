public import Values

/// One value sent to the server: its type, and its bytes in that type's binary format.
public struct PostgresParameter {
    let oid: UInt32
    let isBinary: Bool
    /// nil is SQL NULL.
    let bytes: [UInt8]?

    private init(_ type: PostgresType, binary bytes: [UInt8]?) {
        self.oid = type.oid
        self.isBinary = true
        self.bytes = bytes
    }

    private init(oid: UInt32, bytes: [UInt8]?, isBinary: Bool) {
        self.oid = oid
        self.isBinary = isBinary
        self.bytes = bytes
    }

    public static func text(_ value: String?) -> PostgresParameter {
        .init(.text, binary: value.map { Array($0.utf8) })
    }
    public static func bytea(_ value: [UInt8]?) -> PostgresParameter { .init(.bytea, binary: value) }
    public static func int8(_ value: Int64?) -> PostgresParameter { .init(.int8, binary: value.map(bigEndianBytes)) }
    public static func int4(_ value: Int32?) -> PostgresParameter { .init(.int4, binary: value.map(bigEndianBytes)) }
    public static func bool(_ value: Bool?) -> PostgresParameter { .init(.bool, binary: value.map { [$0 ? 1 : 0] }) }

    public static func uuid(_ value: UUIDBytes?) -> PostgresParameter {
        .init(.uuid, binary: value.map { bigEndianBytes($0.high) + bigEndianBytes($0.low) })
    }

    public static func timestamp(microsecondsSince1970 value: Int64?) -> PostgresParameter {
        .init(.timestamptz, binary: value.map { bigEndianBytes($0 &- PostgresEpoch.microsecondsAfter1970) })
    }

    /// Text that the server reads as whatever type the statement wants: `pg_snapshot`, `xid8`, `numeric`, `jsonb`,
    /// `interval` ...
    public static func literal(_ value: String?) -> PostgresParameter {
        .init(oid: PostgresType.unspecified.oid, bytes: value.map { Array($0.utf8) + [0] }, isBinary: false)
    }

    public static func array(_ value: PostgresArray) -> PostgresParameter {
        .init(oid: value.elementType.arrayOID ?? 0, bytes: value.encoded(), isBinary: true)
    }
}

private func bigEndianBytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

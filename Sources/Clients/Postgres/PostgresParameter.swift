public import Values

/// One value sent to the server: its type, and its bytes in that type's binary format.
public struct PostgresParameter {
    /// The type's object identifier; 0 leaves the type to the server.
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

    /// `text`; nil is NULL, here and below. The server refuses NUL characters.
    public static func text(_ value: String?) -> PostgresParameter {
        .init(.text, binary: value.map { Array($0.utf8) })
    }

    /// `bytea`.
    public static func bytea(_ value: [UInt8]?) -> PostgresParameter { .init(.bytea, binary: value) }

    /// `bigint`.
    public static func int8(_ value: Int64?) -> PostgresParameter { .init(.int8, binary: value.map(bigEndianBytes)) }

    /// `integer`.
    public static func int4(_ value: Int32?) -> PostgresParameter { .init(.int4, binary: value.map(bigEndianBytes)) }

    /// `boolean`.
    public static func bool(_ value: Bool?) -> PostgresParameter { .init(.bool, binary: value.map { [$0 ? 1 : 0] }) }

    /// `uuid`.
    public static func uuid(_ value: UUIDBytes?) -> PostgresParameter {
        .init(.uuid, binary: value.map { bigEndianBytes($0.high) + bigEndianBytes($0.low) })
    }

    /// `timestamptz`, from microseconds since 1970. Values near `Int64.min` wrap around.
    public static func timestamp(microsecondsSince1970 value: Int64?) -> PostgresParameter {
        .init(.timestamptz, binary: value.map { bigEndianBytes($0 &- PostgresEpoch.microsecondsAfter1970) })
    }

    /// Text that the server reads as the type that the statement wants: `pg_snapshot`, `xid8`, `numeric`, `jsonb`,
    /// `interval` and others.
    public static func literal(_ value: String?) -> PostgresParameter {
        .init(oid: PostgresType.unspecified.oid, bytes: value.map { Array($0.utf8) + [0] }, isBinary: false)
    }

    /// An array of the type that ``PostgresArray`` was made for.
    public static func array(_ value: PostgresArray) -> PostgresParameter {
        .init(oid: value.elementType.arrayOID ?? 0, bytes: value.encoded(), isBinary: true)
    }
}

private func bigEndianBytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

// MARK: - Types

/// A built-in type that is sent in binary, for ``PostgresArray``.
///
/// The object identifiers are part of Postgres's stable catalogue (`pg_type.dat`), not of an installation.
public struct PostgresType: Hashable, Sendable {
    let oid: UInt32

    /// The server decides.
    static let unspecified = PostgresType(oid: 0)
    /// `boolean`.
    public static let bool = PostgresType(oid: 16)
    /// `bytea`.
    public static let bytea = PostgresType(oid: 17)
    /// `bigint`.
    public static let int8 = PostgresType(oid: 20)
    /// `integer`.
    public static let int4 = PostgresType(oid: 23)
    /// `text`.
    public static let text = PostgresType(oid: 25)
    /// `timestamptz`.
    public static let timestamptz = PostgresType(oid: 1184)
    /// `uuid`.
    public static let uuid = PostgresType(oid: 2950)

    /// The type of an array of this type; nil for a type we never send in arrays.
    var arrayOID: UInt32? {
        switch self {
        case .bool: 1000
        case .bytea: 1001
        case .int8: 1016
        case .int4: 1007
        case .text: 1009
        case .timestamptz: 1185
        case .uuid: 2951
        default: nil
        }
    }
}

/// Postgres counts microseconds from 2000-01-01, Unix from 1970-01-01.
enum PostgresEpoch {
    /// The difference of the two.
    static let microsecondsAfter1970: Int64 = 946_684_800_000_000

    /// The largest value for the last 30 years of its range and for infinity.
    static func microsecondsSince1970(_ value: Int64) -> Int64 {
        let (sum, isTooLarge) = value.addingReportingOverflow(microsecondsAfter1970)
        return isTooLarge ? .max : sum
    }
}

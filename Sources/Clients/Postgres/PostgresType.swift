/// The object identifiers of the built-in types we send in binary.
///
/// They are part of Postgres's stable catalogue (`pg_type.dat`), not of an installation.
public struct PostgresType: Hashable, Sendable {
    public let oid: UInt32

    public static let unspecified = PostgresType(oid: 0)
    public static let bool = PostgresType(oid: 16)
    public static let bytea = PostgresType(oid: 17)
    public static let int8 = PostgresType(oid: 20)
    public static let int4 = PostgresType(oid: 23)
    public static let text = PostgresType(oid: 25)
    public static let timestamptz = PostgresType(oid: 1184)
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

/// Postgres counts microseconds from 2000-01-01, everybody else from 1970-01-01.
enum PostgresEpoch {
    static let microsecondsAfter1970: Int64 = 946_684_800_000_000
}

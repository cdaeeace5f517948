/// One header or trailer field that the server sends.
///
/// A literal field is handed to libnghttp2 by pointer, without a copy; the other kinds are copied. Names must be lower
/// case and pseudo-header fields must come first.
public struct HTTP2Field: Sendable {
    enum Storage: Sendable {
        case literal(StaticString, StaticString)
        case named(StaticString, [UInt8])
        case dynamic([UInt8], [UInt8])
    }

    let storage: Storage

    /// A field whose name and value are known at compile time.
    public init(_ name: StaticString, _ value: StaticString) {
        storage = .literal(name, value)
    }

    /// A field whose name is known at compile time.
    public init(_ name: StaticString, bytes value: [UInt8]) {
        storage = .named(name, value)
    }

    /// A field that is known at run time only.
    public init(name: String, value: String) {
        storage = .dynamic(Array(name.utf8), Array(value.utf8))
    }
}

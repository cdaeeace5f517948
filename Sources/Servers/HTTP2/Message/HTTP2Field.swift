import CNGHTTP2

/// One header or trailer field that the server sends.
///
/// A literal field is handed to libnghttp2 by pointer, without a copy; the bytes of the other kinds are copied. Names
/// must be lower case, and pseudo-header fields must come first.
public struct HTTP2Field: Sendable {
    private enum Storage: Sendable {
        case literal(StaticString, StaticString)
        case named(StaticString, [UInt8])
        case dynamic([UInt8], [UInt8])
    }

    private let storage: Storage

    /// A field whose name and value are known at compile time.
    public init(_ name: StaticString, _ value: StaticString) {
        storage = .literal(name, value)
    }

    /// A field whose name is known at compile time; `value` is sent as it is.
    public init(_ name: StaticString, bytes value: [UInt8]) {
        storage = .named(name, value)
    }

    /// A field that is known at run time only.
    public init(name: String, value: String) {
        storage = .dynamic(Array(name.utf8), Array(value.utf8))
    }

    /// Adds the bytes that are not literals, in the order in which `nameValue` takes them.
    fileprivate func appendDynamicBytes(to bytes: inout [UInt8]) {
        switch storage {
        case .literal: break
        case .named(_, let value): bytes.append(contentsOf: value)
        case .dynamic(let name, let value):
            bytes.append(contentsOf: name)
            bytes.append(contentsOf: value)
        }
    }

    /// The field as libnghttp2 reads it. Dynamic bytes are found at `offset`, which moves past them.
    fileprivate func nameValue(dynamicBytes: UnsafeMutablePointer<UInt8>?, offset: inout Int) -> nghttp2_nv {
        let noCopyName = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
        let noCopyValue = UInt8(NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        switch storage {
        case .literal(let name, let value):
            return nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: UnsafeMutablePointer(mutating: value.utf8Start),
                namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount, flags: noCopyName | noCopyValue)
        case .named(let name, let value):
            let start = dynamicBytes.map { $0 + offset }
            offset += value.count
            return nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start), value: start,
                namelen: name.utf8CodeUnitCount, valuelen: value.count, flags: noCopyName)
        case .dynamic(let name, let value):
            let start = dynamicBytes.map { $0 + offset }
            offset += name.count + value.count
            return nghttp2_nv(
                name: start, value: start.map { $0 + name.count }, namelen: name.count, valuelen: value.count, flags: 0)
        }
    }
}

/// Header fields that are sent again and again: made once, then handed to libnghttp2 without another conversion.
///
/// Keep blocks in constants. A block's memory is freed with its last reference.
public final class HTTP2FieldBlock: @unchecked Sendable {
    // Immutable after init, so sharing the pointers is safe.
    let values: UnsafeMutableBufferPointer<nghttp2_nv>
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    /// Converts the fields; they are sent in this order.
    public init(_ fields: [HTTP2Field]) {
        var dynamic: [UInt8] = []
        for field in fields { field.appendDynamicBytes(to: &dynamic) }
        bytes = .allocate(capacity: dynamic.count)
        _ = bytes.initialize(from: dynamic)
        values = .allocate(capacity: fields.count)
        var offset = 0
        for (index, field) in fields.enumerated() {
            values.initializeElement(at: index, to: field.nameValue(dynamicBytes: bytes.baseAddress, offset: &offset))
        }
    }

    deinit {
        values.deallocate()
        bytes.deallocate()
    }
}

/// Converts fields for one call of libnghttp2. Bytes that are not literals are gathered in one array, which is used
/// again by the next conversion; libnghttp2 copies them during the call.
struct FieldConverter {
    private var bytes: [UInt8] = []

    /// Calls `body` with the fields as libnghttp2 reads them; the pointer is valid during the call only.
    mutating func convert<R>(_ fields: [HTTP2Field], _ body: (UnsafePointer<nghttp2_nv>?, Int) -> R) -> R {
        bytes.removeAll(keepingCapacity: true)
        for field in fields { field.appendDynamicBytes(to: &bytes) }
        return bytes.withUnsafeMutableBufferPointer { bytes in
            withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count) { values in
                var offset = 0
                for index in fields.indices {
                    values.initializeElement(
                        at: index, to: fields[index].nameValue(dynamicBytes: bytes.baseAddress, offset: &offset))
                }
                return body(UnsafePointer(values.baseAddress), fields.count)
            }
        }
    }
}

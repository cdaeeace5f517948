import CNGHTTP2

/// Header fields that are sent again and again: made once, handed to libnghttp2 as they are.
///
/// Keep blocks in constants; their memory is given back when the last reference goes.
public final class HTTP2FieldBlock: @unchecked Sendable {
    // Immutable after init, so sharing the pointers is safe.
    let values: UnsafeMutableBufferPointer<nghttp2_nv>
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    /// The fields that the block was made of.
    public let fields: [HTTP2Field]

    public init(_ fields: [HTTP2Field]) {
        self.fields = fields
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

/// Where a page of the list ended: the sort key of its last order, and the filters it was made with. Opaque to clients.
struct PageToken: Hashable, Sendable {
    let createdAtMicroseconds: Int64
    let orderID: String
    /// Tells tokens of differently filtered lists apart.
    let filterDigest: UInt64

    /// The layout's version, so that a later one can tell these tokens.
    private static let layout: UInt8 = 1
    private static let headerBytes = 17

    init(createdAtMicroseconds: Int64, orderID: String, filterDigest: UInt64) {
        self.createdAtMicroseconds = createdAtMicroseconds
        self.orderID = orderID
        self.filterDigest = filterDigest
    }

    /// Nil if the text is not one of our tokens.
    init?(_ text: String) {
        guard text.utf8.count <= APILimits.maximumPageTokenBytes, let bytes = Base64URL.decode(text),
            bytes.count > Self.headerBytes, bytes[0] == Self.layout,
            let orderID = String(validating: bytes[Self.headerBytes...], as: UTF8.self),
            !orderID.utf8.contains(0)
        else { return nil }
        func integer(at offset: Int) -> UInt64 { bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            createdAtMicroseconds: Int64(bitPattern: integer(at: 1)), orderID: orderID, filterDigest: integer(at: 9))
    }

    var text: String {
        var bytes = [Self.layout]
        for value in [UInt64(bitPattern: createdAtMicroseconds), filterDigest] {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        return Base64URL.encode(bytes + Array(orderID.utf8))
    }
}

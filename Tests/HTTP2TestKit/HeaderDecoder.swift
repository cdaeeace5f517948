import CNGHTTP2

/// libnghttp2's HPACK decoder, for the responses of one connection.
final class HeaderDecoder {
    private var inflater: OpaquePointer?

    init() {
        nghttp2_hd_inflate_new(&inflater)
    }

    deinit { nghttp2_hd_inflate_del(inflater) }

    func decode(_ block: [UInt8]) throws -> [(String, String)] {
        var fields: [(String, String)] = []
        try block.withUnsafeBufferPointer { block in
            var input = block.baseAddress
            var left = block.count
            while true {
                var field = nghttp2_nv()
                var flags: Int32 = 0
                let used = nghttp2_hd_inflate_hd2(inflater, &field, &flags, input, left, 1)
                guard used >= 0 else { throw RawConnectionError("the server sent a broken header block") }
                input = input.map { $0 + used }
                left -= used
                if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                    fields.append((Self.text(field.name, field.namelen), Self.text(field.value, field.valuelen)))
                }
                if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 { break }
                if left == 0 && flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) == 0 { break }
            }
        }
        nghttp2_hd_inflate_end_headers(inflater)
        return fields
    }

    private static func text(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}

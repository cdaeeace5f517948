/// The simplest HPACK encoder: every field a literal without indexing, no Huffman code.
public enum HeaderEncoder {
    public static func encode(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in [0x00] + string(name) + string(value) }
    }

    /// The fields of an ordinary gRPC request.
    public static func call(_ path: String, _ more: [(String, String)] = []) -> [(String, String)] {
        [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ] + more
    }

    /// The fields of an ordinary GET.
    public static func get(_ path: String, _ more: [(String, String)] = []) -> [(String, String)] {
        [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "localhost")] + more
    }

    private static func string(_ text: String) -> [UInt8] {
        integer(Array(text.utf8).count, prefixBits: 7) + Array(text.utf8)
    }

    private static func integer(_ value: Int, prefixBits: Int) -> [UInt8] {
        let limit = (1 << prefixBits) - 1
        if value < limit { return [UInt8(value)] }
        var rest = value - limit
        var bytes = [UInt8(limit)]
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

import CZlib

/// Compresses and decompresses whole messages with zlib.
enum Compression {
    /// Bytes by which the output of decompression grows.
    private static let blockBytes = 16 * 1024

    private static func windowBits(_ encoding: GRPCEncoding) -> Int32 {
        encoding == .gzip ? 31 : 15
    }

    /// The compressed bytes; nil when zlib has no memory. `encoding` is not identity.
    static func compress(_ input: UnsafeRawBufferPointer, _ encoding: GRPCEncoding) -> [UInt8]? {
        var stream = z_stream()
        guard cz_deflate_init(&stream, Z_DEFAULT_COMPRESSION, windowBits(encoding)) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(input.count)))
        var result = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(input.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(bound)
            result = deflate(&stream, Z_FINISH)
            count = bound - Int(stream.avail_out)
        }
        return result == Z_STREAM_END ? output : nil
    }

    /// The decompressed bytes. Throws RESOURCE_EXHAUSTED as soon as the output exceeds the limit, so that a few bytes
    /// cannot become a large array, and INTERNAL when the input is damaged or goes on after its end.
    static func decompress(
        _ input: UnsafeRawBufferPointer, _ encoding: GRPCEncoding, limitBytes: Int
    ) throws(GRPCError) -> [UInt8] {
        var stream = z_stream()
        guard cz_inflate_init(&stream, windowBits(encoding)) == Z_OK else {
            throw GRPCError(.resourceExhausted, "no memory to decompress")
        }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(input.count)
        var output: [UInt8] = []
        var result = Z_OK
        while result == Z_OK {
            output.append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: blockBytes) { block, count in
                    stream.next_out = block.baseAddress
                    stream.avail_out = UInt32(blockBytes)
                    result = inflate(&stream, Z_NO_FLUSH)
                    count = blockBytes - Int(stream.avail_out)
                })
            guard output.count <= limitBytes else {
                throw GRPCError(.resourceExhausted, "the decompressed message exceeds the limit of \(limitBytes) bytes")
            }
        }
        guard result == Z_STREAM_END, stream.avail_in == 0 else {
            throw GRPCError(.internal, "the compressed message is damaged")
        }
        return output
    }
}

/// Compression of whole HTTP bodies, for the modules of this package that serve plain HTTP.
package enum Gzip {
    /// The bytes in gzip format; nil when zlib has no memory.
    package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        bytes.withUnsafeBytes { Compression.compress($0, .gzip) }
    }
}

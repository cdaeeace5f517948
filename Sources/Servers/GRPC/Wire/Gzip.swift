/// Compression of whole HTTP bodies, for the sibling modules that serve plain HTTP.
package enum Gzip {
    /// nil when zlib has no memory.
    package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        bytes.withUnsafeBytes { Compression.compress($0, .gzip) }
    }
}

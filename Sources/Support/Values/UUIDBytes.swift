import Glibc
import Synchronization
import Threads

/// The 16 bytes of a UUID, without Foundation.
public struct UUIDBytes: Hashable, Sendable {
    /// The first 8 bytes, most significant first.
    public var high: UInt64
    /// The last 8 bytes, most significant first.
    public var low: UInt64

    /// Any 16 bytes are accepted, also those that RFC 9562 gives no meaning.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 16 bytes in network order; nil unless there are exactly 16.
    public init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    /// Reads the 36-character form with hyphens, in either case; nil for any other text.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let parsed = text.withUTF8({ UUIDBytes(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = parsed
    }

    /// Reads the bytes of the 36-character form, without a `String`; nil for any other bytes.
    public init?(utf8 text: UnsafeRawBufferPointer) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        for byte in text {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard digits < 32, let value = HexDigit.value(of: byte) else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | UInt64(value) } else { words.1 = words.1 << 4 | UInt64(value) }
            digits += 1
        }
        guard digits == 32, position == 36 else { return nil }
        (high, low) = words
    }
}

// MARK: - Text

extension UUIDBytes: CustomStringConvertible {
    /// The lower-case text with hyphens, such as `018f2c5e-7a40-7c3e-9d0a-5b1f6a2c4d11`.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { write(to: UnsafeMutableRawBufferPointer($0)) }
    }

    /// The length of the text in bytes.
    public static let textLength = 36

    /// Writes the lower-case text with hyphens without making a `String`.
    ///
    /// - Parameter buffer: at least ``textLength`` bytes.
    /// - Returns: ``textLength``.
    @discardableResult
    public func write(to buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(buffer.count >= Self.textLength, "no room for the text of a UUID")
        // Groups of 8, 4, 4, 4 and 12 digits, most significant first.
        let (second, third) = (Self.digits(high & 0xffff_ffff), Self.digits(low >> 32))
        buffer.storeBytes(of: Self.digits(high >> 32).bigEndian, as: UInt64.self)
        buffer.storeBytes(of: UInt32(truncatingIfNeeded: second >> 32).bigEndian, toByteOffset: 9, as: UInt32.self)
        buffer.storeBytes(of: UInt32(truncatingIfNeeded: second).bigEndian, toByteOffset: 14, as: UInt32.self)
        buffer.storeBytes(of: UInt32(truncatingIfNeeded: third >> 32).bigEndian, toByteOffset: 19, as: UInt32.self)
        buffer.storeBytes(of: UInt32(truncatingIfNeeded: third).bigEndian, toByteOffset: 24, as: UInt32.self)
        buffer.storeBytes(of: Self.digits(low & 0xffff_ffff).bigEndian, toByteOffset: 28, as: UInt64.self)
        buffer[8] = UInt8(ascii: "-")
        buffer[13] = UInt8(ascii: "-")
        buffer[18] = UInt8(ascii: "-")
        buffer[23] = UInt8(ascii: "-")
        return Self.textLength
    }

    /// The eight digits of the lower 32 bits as text, the most significant digit in the most significant byte: all digits
    /// at once, because one at a time costs ten times as much.
    private static func digits(_ word: UInt64) -> UInt64 {
        var nibbles = (word | word << 16) & 0x0000_ffff_0000_ffff
        nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff
        nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f
        // One in each byte whose nibble is above 9.
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        let toLetter = UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* toLetter
    }
}

// MARK: - Version 7

extension UUIDBytes {
    /// A version 7 UUID (RFC 9562 §5.7): milliseconds since 1970, then random bits. Byte order is the order of
    /// creation, to the millisecond.
    public static func v7() -> UUIDBytes {
        let (first, second) = RandomWords.next()
        let milliseconds = UInt64(WallClock.microsecondsSince1970 / 1000)
        return UUIDBytes(
            high: (milliseconds << 16) | 0x7000 | (first & 0x0FFF),
            low: (second & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
    }
}

/// Random bytes, drawn from the kernel 256 at a time: one system call for sixteen identifiers. Two system calls for
/// each identifier were four percent of the server's time.
private enum RandomWords {
    /// The most that one call of `getentropy` gives.
    private static let randomBytesPerDraw = 256
    private static let bytesPerIdentifier = 16

    private struct Pool {
        var bytes: [UInt8] = []
        var next = 0
    }

    private static let pool = Mutex(Pool())

    /// 16 random bytes.
    static func next() -> (UInt64, UInt64) {
        pool.withLock { pool in
            if pool.next + bytesPerIdentifier > pool.bytes.count { draw(into: &pool) }
            defer { pool.next += bytesPerIdentifier }
            return pool.bytes.withUnsafeBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: pool.next, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: pool.next + 8, as: UInt64.self)
                )
            }
        }
    }

    /// `getentropy` fills the whole buffer or fails, on a kernel without it; then Swift's own generator is used.
    private static func draw(into pool: inout Pool) {
        if pool.bytes.isEmpty { pool.bytes = [UInt8](repeating: 0, count: randomBytesPerDraw) }
        let drawn = pool.bytes.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
        if drawn != 0 {
            var generator = SystemRandomNumberGenerator()
            for index in pool.bytes.indices { pool.bytes[index] = UInt8.random(in: .min ... .max, using: &generator) }
        }
        pool.next = 0
    }
}

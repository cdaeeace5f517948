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
        var position = 0
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                buffer[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = digit < 16 ? high : low
            buffer[position] = HexDigit.byte(of: UInt8(truncatingIfNeeded: word >> UInt64(60 - (digit % 16) * 4)))
            position += 1
        }
        return position
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

public import Glibc

extension UnsafeRawBufferPointer {
    /// Whether these bytes are exactly those of the literal.
    @inlinable @inline(__always)
    package func matches(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, let baseAddress else { return count == text.utf8CodeUnitCount }
        return memcmp(baseAddress, text.utf8Start, count) == 0
    }

    /// Whether these bytes begin with those of the literal.
    @inlinable @inline(__always)
    package func starts(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount, let baseAddress else { return text.utf8CodeUnitCount == 0 }
        return memcmp(baseAddress, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}

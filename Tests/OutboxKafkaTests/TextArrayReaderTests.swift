import Testing

@testable import OutboxKafka

struct TextArrayReaderTests {
    /// `text[]` in binary: dimensions, flag, element type, length, lower bound, then length and bytes of each.
    private static let pair: [UInt8] =
        [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1] + [0, 0, 0, 1, 97] + [0, 0, 0, 2, 98, 99]

    @Test func readsElements() {
        #expect(read(Self.pair) == ["a", "bc"])
    }

    @Test func anEmptyArrayHasNoElements() {
        #expect(read([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25]) == [])
        #expect(read([]) == [])
    }

    @Test func truncatedBytesEndTheWalk() {
        for length in 0..<Self.pair.count { #expect(read(Array(Self.pair.prefix(length))).count < 2) }
    }

    private func read(_ bytes: [UInt8]) -> [String] {
        bytes.withUnsafeBytes { buffer in
            var reader = TextArrayReader(buffer)
            var found: [String] = []
            while let element = reader.next() { found.append(String(decoding: element, as: UTF8.self)) }
            return found
        }
    }
}

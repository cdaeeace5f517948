import Testing
import Values

struct UUIDBytesTests {
    @Test func identifiersAreLowerCaseText() throws {
        let text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        let uuid = try #require(UUIDBytes(text.uppercased()))
        #expect(uuid.description == text)
        let written = String(unsafeUninitializedCapacity: UUIDBytes.textLength) {
            uuid.write(to: UnsafeMutableRawBufferPointer($0))
        }
        #expect(written == text)
    }
}

import Outbox
import Postgres
import Testing

@testable import Messaging

struct HeaderTextTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_234_567_890_123_456, "2009-02-13T23:31:30.123456Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"), (OutboxRow.times.lowerBound, "0001-01-01T00:00:00.000000Z"),
            (OutboxRow.times.upperBound, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func timesAreRFC3339(_ microseconds: Int64, _ text: String) {
        #expect(written(HeaderText.timeLength) { HeaderText.write(microseconds: microseconds, to: $0) } == text)
    }

    @Test func identifiersAreLowerCaseText() throws {
        let text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        let uuid = try #require(UUIDBytes(text))
        #expect(written(36) { HeaderText.write(uuid, to: $0) } == text)
    }

    private func written(_ capacity: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> String {
        String(unsafeUninitializedCapacity: capacity) { body(UnsafeMutableRawBufferPointer($0)) }
    }
}

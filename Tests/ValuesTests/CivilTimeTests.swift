import Foundation
import Testing
import Values

struct CivilTimeTests {
    @Test func printsKnownTimes() {
        #expect(CivilTime(secondsSince1970: 0).rfc3339() == "1970-01-01T00:00:00Z")
        #expect(CivilTime(secondsSince1970: 1_709_164_800).rfc3339() == "2024-02-29T00:00:00Z")
        #expect(CivilTime(secondsSince1970: -1).rfc3339() == "1969-12-31T23:59:59Z")
        #expect(CivilTime(secondsSince1970: 1, nanosecond: 500_000_000).rfc3339() == "1970-01-01T00:00:01.500Z")
        #expect(CivilTime(secondsSince1970: 1, nanosecond: 1000).rfc3339() == "1970-01-01T00:00:01.000001Z")
        #expect(CivilTime(secondsSince1970: 1, nanosecond: 1).rfc3339() == "1970-01-01T00:00:01.000000001Z")
        #expect(
            CivilTime(secondsSince1970: 1, nanosecond: 999_999).rfc3339(.milliseconds) == "1970-01-01T00:00:01.000Z")
        #expect(CivilTime(secondsSince1970: 784_111_777).imfFixdate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(CivilTime(secondsSince1970: 1_709_164_800).imfFixdate == "Thu, 29 Feb 2024 00:00:00 GMT")
    }

    @Test func agreesWithFoundationOverFourCenturies() throws {
        for day in stride(from: -73_000, to: 73_000, by: 97) {
            let seconds = Int64(day) * 86_400 + 12_345
            let expected = Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
            #expect(CivilTime(secondsSince1970: seconds).rfc3339() == expected)
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_234_567_890_123_456, "2009-02-13T23:31:30.123456Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func microsecondsAreWrittenInPlace(_ microseconds: Int64, _ text: String) {
        let time = CivilTime(microsecondsSince1970: microseconds)
        let written = String(unsafeUninitializedCapacity: CivilTime.microsecondTextLength) {
            time.write(to: UnsafeMutableRawBufferPointer($0))
        }
        #expect(written == text)
        #expect(time.rfc3339(.microseconds) == text)
    }
}

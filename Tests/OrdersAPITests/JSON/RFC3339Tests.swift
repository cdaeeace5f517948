import Foundation
import Testing

@testable import OrdersAPI

struct RFC3339Tests {
    @Test func printsKnownTimes() {
        #expect(RFC3339.text(secondsSince1970: 0) == "1970-01-01T00:00:00Z")
        #expect(RFC3339.text(secondsSince1970: 1_709_164_800) == "2024-02-29T00:00:00Z")
        #expect(RFC3339.text(secondsSince1970: -1) == "1969-12-31T23:59:59Z")
        #expect(RFC3339.text(secondsSince1970: 1, nanoseconds: 500_000_000) == "1970-01-01T00:00:01.500Z")
        #expect(RFC3339.text(secondsSince1970: 1, nanoseconds: 1000) == "1970-01-01T00:00:01.000001Z")
        #expect(RFC3339.text(secondsSince1970: 1, nanoseconds: 1) == "1970-01-01T00:00:01.000000001Z")
    }

    @Test func agreesWithFoundationOverFourCenturies() throws {
        for day in stride(from: -73_000, to: 73_000, by: 97) {
            let seconds = Int64(day) * 86_400 + 12_345
            let expected = Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
            #expect(RFC3339.text(secondsSince1970: seconds) == expected)
        }
    }
}

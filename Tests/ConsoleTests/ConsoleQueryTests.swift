import HTTPTypes
import Hummingbird
import Testing

@testable import Console

@Suite struct ConsoleQueryTests {
    private func query(_ text: String) throws -> ConsoleQuery {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/api/v1/events?\(text)")
        return try ConsoleQuery(Request(head: head, body: .init(buffer: ByteBuffer())))
    }

    /// Browsers do: the time was once read as one in another zone.
    @Test func aPlusIsASpace() throws {
        var query = try query("since=2026-01-31+12:00&until=2026-01-31%2012%3A00%2B01")
        #expect(try query.text("since") == "2026-01-31 12:00")
        #expect(try query.text("until") == "2026-01-31 12:00+01")
        try query.finish()
    }

    @Test(arguments: [
        "a=1&a=2", "limit=", "limit=x", "limit=+1", "limit=%2B1", "limit=501", "kafka=yes", "a=%ff", "b=1",
    ])
    func mistakesAreRefused(_ text: String) {
        #expect(throws: ConsoleError.self) {
            var query = try query(text)
            _ = try query.text("a")
            _ = try query.number("limit", in: 1...500)
            _ = try query.flag("kafka")
            try query.finish()
        }
    }
}

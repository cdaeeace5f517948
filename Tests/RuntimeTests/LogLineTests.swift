import Logging
import Testing

@testable import Runtime

struct LogLineTests {
    private let line = LogLine(
        timestamp: "2026-01-31T12:34:56.789Z", level: .warning, label: "relay", message: "two\nlines \"quoted\"",
        metadata: ["b": "2", "a": "x\u{1B}y"])

    @Test func textIsOneLineWithSortedMetadata() {
        #expect(
            line.text
                == "2026-01-31T12:34:56.789Z WARNING relay: two\\nlines \"quoted\" a=x\\u{1B}y b=2")
    }

    @Test func jsonIsOneObject() {
        let members = [
            "\"time\":\"2026-01-31T12:34:56.789Z\"", "\"level\":\"warning\"", "\"logger\":\"relay\"",
            "\"message\":\"two\\nlines \\\"quoted\\\"\"", "\"a\":\"x\\u001by\"", "\"b\":\"2\"",
        ]
        #expect(line.json == "{" + members.joined(separator: ",") + "}")
    }
}

import Foundation
import TestKit
import Testing

/// The table `event` belongs to the module EventStore: the other modules call it and have no SQL on the table. An audit
/// and the judge of a drill read it for themselves, because they must not believe the code that they judge.
@Suite struct EventTableTests {
    /// SQL on the table, in any case; `from event:` is an argument label of Swift.
    private static let pattern = #"\b(from|into|join|update|truncate|only|table)\s+(public\.)?event\b(?!\s*:|\s+store)"#

    private func breaches(_ text: String) throws -> [String] {
        let code = text.replacingOccurrences(of: "//.*", with: "", options: .regularExpression)
        let expression = try NSRegularExpression(pattern: Self.pattern, options: .caseInsensitive)
        return expression.matches(in: code, range: NSRange(code.startIndex..., in: code)).compactMap {
            Range($0.range, in: code).map { String(code[$0]) }
        }
    }

    @Test(
        arguments: [
            ("SELECT max(sequence_number) FROM event WHERE", 1), ("INSERT INTO event (event_id)", 1),
            ("LEFT JOIN event e ON true", 1), ("delete from\n    event", 1), ("SELECT FROM public.event", 1),
            ("FROM event_archive", 0), ("FROM events", 0), ("private func take(from event: OpaquePointer)", 0),
            ("// FROM event", 0), ("\"read from event store\"", 0),
        ])
    func findsSQLOnTheTable(_ text: String, _ count: Int) throws {
        #expect(try breaches(text).count == count)
    }

    private static let judges = ["Operations/Verify/", "Operations/Drills/"]

    @Test func noOtherModuleHasSQLOnTheTable() throws {
        var files = 0
        for folder in ["Sources", "relay"] {
            let root = TestPaths.root.appending(path: folder)
            let paths = try #require(FileManager.default.enumerator(atPath: root.path)).compactMap { $0 as? String }
            let others = paths.filter { path in
                path.hasSuffix(".swift") && !(["Orders/EventStore/"] + Self.judges).contains { path.hasPrefix($0) }
            }
            for path in others {
                files += 1
                let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
                #expect(try breaches(text).isEmpty, "\(folder)/\(path)")
            }
        }
        #expect(files > 100)
    }
}

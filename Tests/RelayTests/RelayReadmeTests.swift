import Foundation
import TestKit
import Testing

/// Every setting is in the README's table, and the table has no other.
@Suite struct RelayReadmeTests {
    private static func names(_ text: String) -> Set<String> {
        Set(text.matches(of: /(RELAY_[A-Z_]*[A-Z])/).map { String($0.1) })
    }

    @Test func theTableHasWhatTheCodeReads() throws {
        let folder = TestPaths.root.appending(path: "relay")
        let sources = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "Sources"), includingPropertiesForKeys: nil)
        var read: Set<String> = []
        for source in sources where source.pathExtension == "swift" {
            let text = try String(contentsOf: source, encoding: .utf8)
            read.formUnion(text.matches(of: /"(RELAY_[A-Z_]*[A-Z])"/).map { String($0.1) })
        }
        let readme = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
        let rows = readme.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let told = rows.reduce(into: Set<String>()) { names, row in
            names.formUnion(Self.names(String(row.split(separator: "|").first ?? "")))
        }
        #expect(read.count > 10)
        #expect(read.subtracting(told).isEmpty, "not in relay/README.md")
        #expect(told.subtracting(read).isEmpty, "in relay/README.md, but nobody reads it")
    }
}

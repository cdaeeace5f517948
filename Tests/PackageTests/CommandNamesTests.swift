import Foundation
import Testing

/// Texts that name a command of `outboxctl` name one that is there.
struct CommandNamesTests {
    /// What a user may read: messages in sources, documentation, scripts, the image.
    private static let roots = ["README.md", "docs", "relay", "scripts", "Sources", "migrations", "Makefile"]

    @Test func everyCommandThatATextNamesIsThere() throws {
        let commands = try Self.commands()
        #expect(commands.isSuperset(of: ["status", "rebase", "bulk"]))
        var named: Set<String> = []
        for (path, text) in try Self.texts() {
            // Words that follow the name in prose are no commands: those in code, or with an option behind them, are.
            for match in text.matches(of: /(`|\$ |\n *|bin\/|run )outboxctl ([a-z]+)|outboxctl ([a-z]+) --/) {
                let word = String(match.2 ?? match.3 ?? "")
                named.insert(word)
                #expect(commands.contains(word), "\(path): outboxctl \(word)")
            }
        }
        #expect(named.count > 15, "\(named)")
    }

    /// Parked keys and rebase were once below `outboxctl outbox`: scripts may have it, texts must not.
    @Test func earlierNamesAreNotShown() throws {
        for (path, text) in try Self.texts() where !path.hasSuffix("outboxctl/OutboxCtl.swift") {
            for line in text.split(separator: "\n") where line.contains(/outboxctl\s+outbox\b/) {
                #expect(line.contains("earlier names"), "\(path): \(line)")
            }
        }
    }

    private static func commands() throws -> Set<String> {
        let sources = try texts().filter { $0.path.contains("/Executables/outboxctl/") }.map(\.text)
        return Set(sources.flatMap { $0.matches(of: /commandName: "([a-z]+)"/).map { String($0.1) } })
    }

    private static func texts() throws -> [(path: String, text: String)] {
        var found: [(String, String)] = []
        for root in roots {
            let top = ThisPackage.root.appending(path: root)
            let below = FileManager.default.enumerator(at: top, includingPropertiesForKeys: nil)
            let files = below?.compactMap { $0 as? URL } ?? []
            for file in files.isEmpty ? [top] : files {
                // A folder has no contents, and a picture is no text.
                guard let data = FileManager.default.contents(atPath: file.path),
                    let text = String(data: data, encoding: .utf8)
                else { continue }
                found.append((file.path, text))
            }
        }
        return found
    }
}

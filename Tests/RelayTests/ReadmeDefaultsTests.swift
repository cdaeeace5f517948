import Foundation
import Runtime
import TestKit
import Testing

@testable import outbox_relay

/// Setting a variable to the default that relay/README.md tells must change nothing.
@Suite struct ReadmeDefaultsTests {
    private static let common = [
        "DATABASE_URL": "postgresql://localhost/shop", "KAFKA_BOOTSTRAP_SERVERS": "one:9092", "RELAY_NAME": "here",
        // Otherwise the interval of polling has no effect.
        "RELAY_POOLER": "true",
    ]

    private static func picture(_ more: [String: String]) throws -> String {
        var environment = common.merging(more) { $1 }
        // The pooler's own default is looked at without it.
        if more["RELAY_POOLER"] != nil || more.isEmpty { environment["RELAY_POOLER"] = more["RELAY_POOLER"] }
        return String(reflecting: try RelaySettings(EnvironmentReader(environment)))
    }

    /// The rows whose default is a value, not a description.
    private static func told() throws -> [(name: String, value: String)] {
        let readme = try String(contentsOf: TestPaths.root.appending(path: "relay/README.md"), encoding: .utf8)
        var found: [(String, String)] = []
        for line in readme.split(separator: "\n") where line.hasPrefix("| `RELAY_") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            let names = cells[1].matches(of: /`([A-Z_]+)`/).map { String($0.1) }
            let values = cells[2].matches(of: /`([^`]+)`/).map { String($0.1) }
            if names.count == values.count { found += zip(names, values) }
        }
        return found
    }

    @Test func everyDefaultIsTheOneInTheCode() throws {
        let told = try Self.told()
        #expect(told.count >= 14, "\(told.map(\.name))")
        let unset = try Self.picture(["RELAY_TOMBSTONES": ""])
        for (name, value) in told where name != "RELAY_POOLER" {
            #expect(try Self.picture([name: value]) == unset, "\(name) is not \(value) by default")
        }
        #expect(try Self.picture(["RELAY_POOLER": "false"]) == Self.picture([:]))
    }

    @Test func aWrongDefaultWouldBeSeen() throws {
        let unset = try Self.picture(["RELAY_TOMBSTONES": ""])
        let others = [
            "RELAY_SCHEMA": "other", "RELAY_LEASE": "16s", "RELAY_POLL_CEILING": "6s", "RELAY_POLL_INTERVAL": "100ms",
            "RELAY_RETENTION": "25h", "RELAY_PARKED_RETRY": "61s", "RELAY_TOPIC": "x", "RELAY_CLOUDEVENTS": "false",
            "RELAY_EVENT_ID_HEADER": "false", "RELAY_SOURCE": "x", "RELAY_TOMBSTONES": "true",
            "RELAY_CONNECT_TIMEOUT": "6s",
            "RELAY_ADMIN_HOST": "::", "RELAY_ADMIN_PORT": "1", "RELAY_DELIVERY": "exactly-once",
            "RELAY_CHECKPOINT_TOPIC": "x", "RELAY_RECORD_TIMESTAMP": "created", "RELAY_AFTER_DATA_LOSS": "continue",
        ]
        for (name, value) in others { #expect(try Self.picture([name: value]) != unset, "\(name)") }
        let compared = Set(try Self.told().map(\.name)).subtracting(["RELAY_POOLER"])
        #expect(compared == Set(others.keys))
    }
}

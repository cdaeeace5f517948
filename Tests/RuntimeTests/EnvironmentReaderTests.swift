import Foundation
import Runtime
import Testing

struct EnvironmentReaderTests {
    @Test func defaultsHoldWhenNothingIsSet() throws {
        let reader = EnvironmentReader(["EMPTY": ""])
        #expect(reader.string("EMPTY", default: "x") == "x")
        #expect(reader.int("N", default: 5, in: 1...9) == 5)
        #expect(reader.duration("D", default: .seconds(3)) == .seconds(3))
        #expect(reader.bool("B", default: true))
        try reader.finish()
    }

    @Test func valuesAreRead() throws {
        let reader = EnvironmentReader(["N": "7", "D": "250ms", "B": "off", "F": "json"])
        #expect(reader.int("N", default: 5, in: 1...9) == 7)
        #expect(reader.duration("D", default: .zero) == .milliseconds(250))
        #expect(reader.bool("B", default: true) == false)
        #expect(reader.choice("F", default: LogFormat.text) == .json)
        try reader.finish()
    }

    @Test func everyMistakeIsNamedAtOnce() {
        let reader = EnvironmentReader(["N": "99", "D": "3 parsecs", "B": "maybe", "F": "xml", "PORT": "65536"])
        _ = reader.int("N", default: 5, in: 1...9)
        _ = reader.duration("D", default: .zero)
        _ = reader.bool("B", default: true)
        _ = reader.choice("F", default: LogFormat.text)
        _ = reader.port("PORT", default: 1)
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(error?.problems.map(\.variable) == ["N", "D", "B", "F", "PORT"])
    }

    @Test func misspeltSettingsAreNamed() {
        let reader = EnvironmentReader(["RELAY_LEASE": "3s", "RELAY_LAESE": "3s"])
        _ = reader.duration("RELAY_LEASE", default: .zero)
        reader.reportUnknown(prefix: "RELAY_")
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(error?.problems.map(\.variable) == ["RELAY_LAESE"])
    }

    @Test func aSecretMayComeFromAFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())")
        defer { try? FileManager.default.removeItem(at: path) }
        try "hunter2\n".write(to: path, atomically: true, encoding: .utf8)
        let reader = EnvironmentReader([
            "A": "direct", "B_FILE": path.path, "C": "x", "C_FILE": path.path, "D_FILE": "/nowhere",
        ])
        #expect(reader.secret("A") == "direct")
        #expect(reader.secret("B") == "hunter2")
        _ = reader.secret("C")
        _ = reader.secret("D")
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(error?.problems.map(\.variable) == ["C", "D_FILE"])
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func anEmptyFileIsNoSecret() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())")
        defer { try? FileManager.default.removeItem(at: path) }
        try "\n".write(to: path, atomically: true, encoding: .utf8)
        let reader = EnvironmentReader(["DATABASE_URL_FILE": path.path])
        #expect(reader.databaseURL { _ in nil } == "")
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(error?.description == "DATABASE_URL_FILE: \(path.path) is empty")
    }

    @Test func aBadDatabaseURLIsReportedOfTheVariableItCameFrom() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())")
        defer { try? FileManager.default.removeItem(at: path) }
        try "hunter2".write(to: path, atomically: true, encoding: .utf8)
        func faults(_ variables: [String: String]) -> [String] {
            let reader = EnvironmentReader(variables)
            for suffix in ["__A", "__B"] {
                _ = reader.scoped(suffix: suffix, among: ["__A", "__B"]).databaseURL { _ in "is bad" }
            }
            let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
            return error?.problems.map { "\($0.variable) \($0.message)" } ?? []
        }
        #expect(faults(["DATABASE_URL": "hunter2"]) == ["DATABASE_URL is bad"])
        #expect(
            faults(["DATABASE_URL__A": "hunter2", "DATABASE_URL_FILE__B": path.path])
                == ["DATABASE_URL__A is bad", "DATABASE_URL_FILE__B is bad"])
    }

    /// An empty variable is a mistake, unless `PG*` variables are set: then it counts as unset.
    @Test func anEmptyDatabaseURLNeedsAnotherPlace() throws {
        let reader = EnvironmentReader(["DATABASE_URL": ""])
        #expect(reader.databaseURL { _ in nil } == "")
        let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
        #expect(error?.problems.map(\.variable) == ["DATABASE_URL"])
        for variables in [[:], ["DATABASE_URL": "", "PGHOST": "db"]] {
            let reader = EnvironmentReader(variables)
            #expect(reader.databaseURL { _ in nil } == "")
            try reader.finish()
        }
    }
}

import Foundation
import Testing

@testable import Runtime

/// What `/config` shows.
@Suite struct EffectiveSettingTests {
    @Test func eachValueHasItsSource() {
        let reader = EnvironmentReader(["A_PORT": "81", "A_NAME": "", "KAFKA_ACKS": "all", "OTHER": "x"])
        _ = reader.int("A_PORT", default: 80, in: 1...100)
        _ = reader.string("A_NAME", default: "nobody")
        _ = reader.bool("A_FLAG", default: true)
        _ = reader.duration("A_TIME", default: .seconds(5))
        #expect(
            reader.effectiveSettings.map { "\($0.name)=\($0.value) \($0.source.rawValue)" } == [
                "A_FLAG=true default", "A_NAME=nobody default", "A_PORT=81 environment", "A_TIME=5s default",
                "KAFKA_ACKS=all environment",
            ])
    }

    @Test func secretsAreMasked() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data("hush".utf8).write(to: URL(filePath: file))
        let reader = EnvironmentReader([
            "DATABASE_URL": "postgresql://a:hush@b/c", "TOKEN_FILE": file, "KAFKA_SASL_PASSWORD": "hush",
            "KAFKA_SSL_KEY_PEM": "hush", "PGPASSWORD": "hush",
        ])
        _ = reader.databaseURL { _ in nil }
        #expect(reader.secret("TOKEN") == "hush")
        let settings = reader.effectiveSettings
        #expect(!settings.contains { $0.value.contains("hush") }, "\(settings)")
        #expect(settings.first { $0.name == "TOKEN" }?.source == .file)
        #expect(settings.first { $0.name == "DATABASE_URL" }?.value == "***")
    }

    /// The variable that a value came from is shown, not the one that was asked for.
    @Test func settingsOfOneOfSeveralHaveTheirOwnNames() {
        let reader = EnvironmentReader(["R_LEASE": "5s", "R_LEASE__BILLING": "7s"])
        for suffix in ["__BILLING", "__ORDERS"] {
            _ = reader.scoped(suffix: suffix, among: ["__BILLING", "__ORDERS"]).duration(
                "R_LEASE", default: .seconds(1))
        }
        #expect(
            reader.effectiveSettings.map { "\($0.name)=\($0.value)" } == ["R_LEASE=5s", "R_LEASE__BILLING=7s"])
    }
}

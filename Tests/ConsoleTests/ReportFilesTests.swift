import Admin
import Foundation
import HTTPTypes
import Operations
import Postgres
import Testing

@testable import Console
@testable import Drills

/// The last report of the drills, as the console reads it.
@Suite struct ReportFilesTests {
    private let file = FileManager.default.temporaryDirectory.appending(path: "drills-\(UUID()).json")

    private func files() throws -> ReportFiles {
        let address = ListenAddress(host: "127.0.0.1", port: 0, portVariable: "CONSOLE_PORT")
        let postgres = PostgresConfiguration(url: "postgresql:///", applicationName: "test")
        var configuration = ConsoleConfiguration(address: address, postgres: postgres)
        configuration.drills = file.path
        return try ReportFiles(configuration)
    }

    private func write(_ text: String, at seconds: Double = 1_800_000_000) throws {
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: file.path)
    }

    /// What `outboxctl drill run --report` writes, as its types encode it today.
    private func report(_ runs: Int) throws -> String {
        var report = DrillReport(beganAt: Moment(microseconds: 1_767_225_600_000_000), delivery: "at-least-once")
        for number in 0..<runs {
            report.runs.append(
                DrillReport.Run(
                    name: "kill-relay", summary: "kills the relay", seed: .max - UInt64(number),
                    violations: ["durable": 0, "published": number], findings: number == 0 ? [] : ["published: x"],
                    isBroken: false, acknowledged: 100, duplicates: 2, recoverySeconds: 1.5, worstWaitSeconds: 0.25,
                    seconds: 20, marks: [.init(seconds: 1, text: "kill -9")],
                    samples: [
                        .init(seconds: 0.25, ordersPerSecond: 40, backlog: 3, worstWaitSeconds: 0.01),
                        .init(seconds: 0.5, ordersPerSecond: 0, backlog: nil, worstWaitSeconds: 0),
                    ], command: "outboxctl drill run kill-relay --seed 7"))
        }
        return try OperatorJSON.text(report)
    }

    @Test func aReportOfTodayIsRead() async throws {
        let files = try files()
        defer { files.close() }
        try write(try report(2))
        defer { try? FileManager.default.removeItem(at: file) }
        let drills = try await files.drills()
        #expect(drills.path == file.path && drills.note == nil && drills.delivery == "at-least-once")
        let runs = try #require(drills.runs)
        #expect(runs.map(\.violations) == [["durable": 0, "published": 0], ["durable": 0, "published": 1]])
        // A scoreboard has no timelines; a run has, and its seed is exact.
        #expect(runs.allSatisfy { $0.marks == nil && $0.samples == nil })
        let run = try await files.drill(2)
        #expect(run.seed == .max - 1 && run.marks?.first?.text == "kill -9" && run.findings == ["published: x"])
        #expect(run.samples?.map(\.backlog) == [3, nil])
    }

    @Test func aFileThatChangesIsReadAgain() async throws {
        let files = try files()
        defer { files.close() }
        #expect(try await files.drills().writtenAt == nil)
        try write(try report(1))
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try await files.drills().runs?.count == 1)
        try write(try report(3), at: 1_800_000_001)
        #expect(try await files.drills().runs?.count == 3)
    }

    @Test(arguments: [0, 3, -1, Int.max]) func aRunThatIsNotThereIsNotFound(_ number: Int) async throws {
        let files = try files()
        defer { files.close() }
        let error = await #expect(throws: ConsoleError.self) { _ = try await files.drill(number) }
        #expect(error?.status == .notFound)
        for runs in [0, 2] {
            try write(try report(runs), at: Double(1_800_000_000 + runs))
            let error = await #expect(throws: ConsoleError.self) { _ = try await files.drill(number) }
            #expect(error?.status == .notFound)
        }
        try? FileManager.default.removeItem(at: file)
    }

    @Test(arguments: [
        ("", "it is no report"), ("{}", "began_at"), ("[1]", "it is no report"), ("\u{FFFD}{", "it is no report"),
        (#"{"began_at": "2026-01-01T00:00:00.000000Z", "delivery": "x", "runs": [{"name": 1}]}"#, "runs"),
    ])
    func whatIsNoReportIsSaid(_ text: String, _ words: String) async throws {
        let files = try files()
        defer { files.close() }
        try write(text)
        defer { try? FileManager.default.removeItem(at: file) }
        let drills = try await files.drills()
        #expect(drills.runs == nil && drills.writtenAt != nil)
        #expect(drills.note?.contains(words) == true, "\(drills.note ?? "")")
        let error = await #expect(throws: ConsoleError.self) { _ = try await files.drill(1) }
        #expect(error?.status == .conflict)
    }

    @Test func aReportThatIsTooLargeIsNotRead() async throws {
        let files = try files()
        defer { files.close() }
        try write("")
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(ConsoleLimits.drillReportBytes + 1))
        try handle.close()
        #expect(try await files.drills().note == "it has more than 16 MiB")
    }
}

import Foundation
import Postgres
import TestKit
import Testing

extension OperatorTests {
    /// The console in a real browser, beside a real stack.
    @Suite struct ConsoleTests {
        @Test func anOperatorSeesAndActs() async throws {
            try await TestStack.with { stack in
                let console = try await Console(stack)
                try await console.judge("live", stack)

                try await stack.kill(.relay)
                try await console.judge("relay-gone", stack)
                try await stack.start(.relay)
                try await stack.healthy(.relay)
                try await console.judge("parked", stack)
                try await console.judge("bulk", stack)
                try await console.judge("replay", stack)
                try await console.judge("rebuild", stack)
                try await console.judge("shapes", stack)

                try await console.restarts(stack)
                try await stack.drained()
                try await stack.expectInvariants()
            }
        }

        /// The report is a file: the scoreboard, a run's timeline, and a player for it.
        @Test func theLastDrillsAreShownAndPlayed() async throws {
            try await TestStack.with([.relay, .server]) { stack in
                let console = try await Console(stack)
                try await console.judge("drills", stack)
            }
        }

        @Test func aConsoleThatOnlyShowsHasNoButtons() async throws {
            try await TestStack.with([.relay, .server]) { stack in
                let console = try await Console(stack, ["CONSOLE_ACTIONS": "false"])
                try await console.judge("show-only", stack)
            }
        }

        /// As Postgres counts them, by a role of the console's own.
        @Test func openPagesCostTheDatabaseAFewStatements() async throws {
            try await TestStack.with { stack in
                let connection = try PostgresConnection(
                    PostgresConfiguration(url: stack.databaseURL, applicationName: "test"))
                try connection.execute(
                    """
                    CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
                    DO $$ BEGIN CREATE ROLE console_reader SUPERUSER LOGIN; EXCEPTION WHEN duplicate_object THEN END $$
                    """)
                var url = try #require(URLComponents(string: stack.databaseURL))
                url.user = "console_reader"
                let console = try await Console(stack, ["DATABASE_URL": try #require(url.string)])
                try await console.judge("cost", stack)
            }
        }

        /// schemathesis makes requests from the document, well-formed and not. The live updates have no end, and the
        /// browser reads them.
        @Test(arguments: ["true", "false"])
        func theOpenAPIDocumentIsTrue(_ allowsActions: String) async throws {
            try await TestStack.with([.relay, .server]) { stack in
                let console = try await Console(stack, ["CONSOLE_ACTIONS": allowsActions])
                try await console.judge("seed", stack)
                try await console.isAsDescribed()
            }
        }
    }
}

/// A console beside a stack, on a free port.
private final class Console {
    private let environment: [String: String]
    private let url: String
    private var process: ManagedProcess
    /// Where its report of the drills and its last audit are.
    private let folder = FileManager.default.temporaryDirectory.appending(path: "console-\(UUID())")

    init(_ stack: TestStack, _ settings: [String: String] = [:]) async throws {
        let port = try FreePort.next()
        url = "http://127.0.0.1:\(port)"
        let services = TestStack.Service.allCases.map { "\($0.rawValue)=\(stack.url(of: $0))" }
        let role = settings["CONSOLE_ACTIONS"] == "false" ? "outbox_reader" : "outbox_operator"
        environment = [
            "DATABASE_URL": stack.url(as: role), "KAFKA_BOOTSTRAP_SERVERS": stack.kafka.address,
            "CONSOLE_PORT": "\(port)", "CONSOLE_ACTIONS": "true", "RELAY_TOPIC": stack.kafka.topic("{aggregate_type}"),
            "CONSOLE_GROUPS": stack.kafka.topicPrefix + "payments",
            "CONSOLE_SERVICES": services.joined(separator: ","), "CONSOLE_REPORTS": folder.path,
            "CONSOLE_DRILLS": folder.appending(path: "drills.json").path,
        ].merging(settings) { $1 }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = try await Self.start(environment, stack)
        try await isReady()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func start(_ environment: [String: String], _ stack: TestStack) async throws -> ManagedProcess {
        stack.keep(try await ManagedProcess.start(TestPaths.binary("outbox-console"), environment: environment))
    }

    private func isReady() async throws {
        _ = try await Command.output([
            "curl", "--fail", "--silent", "--show-error", "--retry", "60", "--retry-delay", "1", "--retry-all-errors",
            "--max-time", "5", url + "/readyz",
        ])
    }

    private func arguments(_ phase: String, _ stack: TestStack) -> [String] {
        [
            TestPaths.root.appending(path: "Tests/Clients/console_browser.py").path, url, phase, "--http",
            stack.httpURL, "--database", stack.databaseURL, "--reports", folder.path,
        ]
    }

    /// Runs one phase of the script; every objection fails the test.
    func judge(_ phase: String, _ stack: TestStack) async throws {
        let result = try await Command.run([try await Command.python()] + arguments(phase, stack))
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("as it should be"))
    }

    /// Each answer of the JSON API is one that its document allows.
    func isAsDescribed() async throws {
        let seed = ProcessInfo.processInfo.environment["SCHEMATHESIS_SEED"] ?? "1"
        let result = try await Command.run([
            try await Command.python(), "-m", "schemathesis.cli", "run", url + "/api/v1/openapi.json", "--checks",
            "all",
            "--exclude-path", "/api/v1/live", "--max-examples", "15", "--workers", "1", "--seed", seed, "--no-color",
        ])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    }

    /// The console ends and comes back while pages are open.
    func restarts(_ stack: TestStack) async throws {
        let browser = try await ManagedProcess.start(
            URL(filePath: try await Command.python()), arguments("restart", stack))
        _ = try await browser.line(containing: "ready")
        process.signal(SIGTERM)
        #expect(try await process.exit() == 0)
        _ = try await browser.line(containing: "gone")
        process = try await Self.start(environment, stack)
        #expect(try await browser.exit() == 0, "\(browser.output)")
    }
}

import Foundation
import TestKit
import Testing

extension EndToEndTests {
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

                try await console.restarts(stack)
                try await stack.drained()
                try await stack.expectInvariants()
            }
        }

        @Test func aConsoleThatOnlyShowsHasNoButtons() async throws {
            try await TestStack.with([.relay, .server]) { stack in
                let console = try await Console(stack, ["CONSOLE_ACTIONS": "false"])
                try await console.judge("show-only", stack)
            }
        }
    }
}

/// A console beside a stack, on a free port.
private final class Console {
    private let environment: [String: String]
    private let url: String
    private var process: ManagedProcess

    init(_ stack: TestStack, _ settings: [String: String] = [:]) async throws {
        let port = try FreePort.next()
        url = "http://127.0.0.1:\(port)"
        let services = TestStack.Service.allCases.map { "\($0.rawValue)=\(stack.url(of: $0))" }
        environment = [
            "DATABASE_URL": stack.databaseURL, "KAFKA_BOOTSTRAP_SERVERS": stack.kafka.address,
            "CONSOLE_PORT": "\(port)", "CONSOLE_ACTIONS": "true", "RELAY_TOPIC": stack.kafka.topic("{aggregate_type}"),
            "CONSOLE_GROUPS": stack.kafka.topicPrefix + "payments",
            "CONSOLE_SERVICES": services.joined(separator: ","),
        ].merging(settings) { $1 }
        process = try await Self.start(environment, stack)
        try await isReady()
    }

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
            stack.httpURL, "--database", stack.databaseURL,
        ]
    }

    /// Runs one phase of the script; every objection fails the test.
    func judge(_ phase: String, _ stack: TestStack) async throws {
        let result = try await Command.run([try await Command.python()] + arguments(phase, stack))
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("as it should be"))
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

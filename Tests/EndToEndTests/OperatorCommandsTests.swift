import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// What `outboxctl` shows of a whole stack that runs, and how it answers.
    @Suite struct OperatorCommandsTests {
        /// The file of addresses, as `make up` writes it, is all that the commands are told.
        @Test func aStackIsSeenThroughItsFileOfAddresses() async throws {
            try await TestStack.with { stack in
                let folder = FileManager.default.temporaryDirectory.appending(path: "data-\(UUID())")
                defer { try? FileManager.default.removeItem(at: folder) }
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try addresses(stack).write(to: folder.appending(path: "env"), atomically: true, encoding: .utf8)
                let id = try await stack.place()
                try await stack.waitForPayment(id, status: 3)
                try await stack.drained()

                let status = try await run(folder, "status", "--sample", "0", "--json")
                #expect(status.exitCode == 0, "\(status)")
                for part in [#""is_ready":true"#, #""name":"projection""#, #""lag":"#, #""RELAY_LEASE""#, #""rows":0"#]
                {
                    #expect(status.output.contains(part), "\(part): \(status.output)")
                }
                let shown = try await run(folder, "status", "--sample", "0")
                #expect(shown.output.contains("nothing: all committed rows are in Kafka or held"), "\(shown)")
                #expect(!shown.output.contains("\u{1B}"))

                let order = try await run(folder, "order", id)
                #expect(order.exitCode == 0 && order.output.contains("order_payment_initiated"), "\(order)")
                let list = try await run(folder, "list", "--type", "order", "--id", id, "--oldest-first")
                #expect(list.output.contains("\"payment_method\":\"CREDIT_CARD\""), "\(list)")
                let row = try #require(
                    list.output.split(separator: "\n").dropFirst().first?.split(separator: " ").first)
                let life = try await run(folder, "show", String(row))
                #expect(life.output.contains(stack.kafka.topic("order") + "["), "\(life)")
                #expect(life.output.contains("applied: the read model is at version 3"), "\(life)")
                let tail = try await run(folder, "tail", "--once", "--json", "--lines", "2")
                #expect(tail.output.split(separator: "\n").count == 2, "\(tail)")
                let config = try await run(folder, "config", "--service", "outbox-relay")
                #expect(config.output.contains("DATABASE_URL") && config.output.contains("***"), "\(config)")
                #expect(!config.output.contains("postgresql://"))
            }
        }

        @Test(arguments: [
            (["list", "--state", "lost"], "--state: 'lost' is not one of"), (["list", "--limit", "0"], "--limit: 0"),
            (["list", "--since", "someday"], "--since: 'someday' is neither"), (["show"], "<outbox-id>"),
            (["release", "--reason", "x"], "say which keys"), (["tail", "--lines", "-1"], "--lines"),
            (["replay", "--reason", "x"], "say which rows"), (["status", "--sample", "999"], "--sample"),
            (["edit", "1", "--header", "x", "--reason", "x"], "is not NAME=VALUE"), (["nonsense"], "nonsense"),
            (["edit", "--type", "order", "--payload", "x", "--reason", "x"], "only headers can be changed in bulk"),
            (["edit", "1", "--reason", "x"], "nothing would be changed"),
            (["skip", "--reason", "x"], "say which rows"),
            (["skip", "1", "--type", "order", "--reason", "x"], "say which rows"), (["skip", "1"], "--reason"),
            (["skip", "--type", "order", "--rows", "some", "--reason", "x"], "--rows: 'some'"),
            (["rebuild", "--rate", "0", "--reason", "x"], "--rate: 0"), (["rebuild", "--yes"], "--reason"),
            (["rebuild", "--reason", "x"], "--yes is needed"), (["rebuild", "stop", "1"], "--reason"),
            (["bulk", "show"], "<bulk>"), (["pause"], "--reason"), (["order"], "<order-id>"),
            (["explain", "order"], "<aggregate-id>"), (["parked", "--limit", "501"], "--limit: 501"),
            (["parked", "--parked-since", "x"], "--parked-since: 'x'"), (["role"], "--name"), (["adopt"], "--table"),
            (["rebase"], "--republish-since"), (["topic", "t", "--partitions", "0"], "--partitions: 0"),
            (["decisions", "--limit", "x"], "limit"), (["show", "x"], "outbox-id"),
        ])
        func badInputIsOneLineAndExitCode64(_ words: [String], _ text: String) async throws {
            let url = try await TestPostgres.database()
            let result = try await Command.run(
                [TestPaths.binary("outboxctl").path] + words, environment: ["DATABASE_URL": url])
            #expect(result.exitCode == 64, "\(result)")
            #expect(result.errors.contains(text), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
        }

        @Test func aStackWithoutARelaySaysWhatIsInTheWay() async throws {
            let url = try await TestPostgres.database()
            let status = try await Command.run(
                [TestPaths.binary("outboxctl").path, "status", "--sample", "0"], environment: ["DATABASE_URL": url])
            #expect(status.exitCode == 3 && status.output.contains("no relay leads"), "\(status)")
        }

        @Test func thereAreCompletionsAndExamples() async throws {
            let binary = TestPaths.binary("outboxctl").path
            let bash = try await Command.output([binary, "--generate-completion-script", "bash"])
            #expect(bash.contains("--parked-before"))
            let commands = [
                "status", "list", "show", "tail", "order", "parked", "explain", "decisions", "config", "release",
                "skip",
                "edit", "bulk", "pause", "resume", "replay", "rebuild", "rebase", "migrate", "upgrade", "adopt", "role",
                "topic",
            ]
            for command in commands {
                #expect(try await Command.output([binary, command, "--help"]).contains("Example"), "\(command)")
            }
            // The commands that others stand behind print JSON as well.
            let more = [
                ["bulk", "list"], ["bulk", "stop"], ["replay", "start"], ["replay", "stop"], ["rebuild", "start"],
                ["rebuild", "show"], ["rebuild", "stop"],
            ]
            for words in commands.filter({ !["bulk", "replay", "rebuild"].contains($0) }).map({ [$0] }) + more {
                #expect(try await Command.output([binary] + words + ["--help"]).contains("--json"), "\(words)")
            }
        }

        private func addresses(_ stack: TestStack) -> String {
            let values = [
                ("DATABASE_URL", stack.databaseURL), ("KAFKA_BOOTSTRAP_SERVERS", stack.kafka.address),
                ("ADMIN_URL_SERVER", stack.httpURL), ("ADMIN_URL_RELAY", stack.url(of: .relay)),
                ("ADMIN_URL_PROJECTOR", stack.url(of: .projector)), ("ADMIN_URL_PAYMENTS", stack.url(of: .payments)),
            ]
            return values.map { "export \($0)='\($1)'\n" }.joined()
        }

        private func run(_ folder: URL, _ words: String...) async throws -> Command.Result {
            try await Command.run(
                ["env", "-u", "DATABASE_URL", TestPaths.binary("outboxctl").path] + words,
                environment: ["DATA_DIR": folder.path])
        }
    }
}

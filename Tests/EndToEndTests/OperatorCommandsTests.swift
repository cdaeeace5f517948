import Foundation
import Postgres
import TestKit
import Testing

extension OperatorTests {
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
                #expect(shown.output.contains("kept for 1 day"), "\(shown)")
                #expect(!status.output.contains(".0 seconds") && !shown.output.contains(".0 seconds"), "\(status)")
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
                // Of the newest event of the row, the server keeps when it was applied.
                let newest = try await run(folder, "list", "--type", "order", "--id", id, "--limit", "1")
                let last = try #require(
                    newest.output.split(separator: "\n").dropFirst().first?.split(separator: " ").first)
                #expect(
                    try await run(folder, "show", String(last)).output.contains(/applied at 2\S+Z: the read model is/))
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
            (["rebuild", "--reason", "x"], "--yes is needed"), (["bulk", "stop"], "<bulk>"), (["order"], "<order-id>"),
            (["rebase", "--republish-since", "infinity"], "--reason"),
            (["explain", "order"], "<aggregate-id>"), (["parked", "--limit", "10001"], "--limit: 10001"),
            (["parked", "--after", "x"], "--after: 'x'"),
            (["parked", "--parked-since", "x"], "--parked-since: 'x'"), (["role"], "--name"), (["adopt"], "--table"),
            (["rebase"], "--republish-since"), (["topic", "t", "--partitions", "0"], "--partitions: 0"),
            (["status", "--database", "nonsense"], "--database: is neither"),
            (["status", "--kafka", ""], "--kafka: is empty"),
            (["tail", "--state", "uncommitted"], "--state: rows that are not committed"),
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

        /// Whatever changes something wants a reason and, where nobody can be asked, `--yes`; with `--dry-run` it shows
        /// what it would do. Until then nothing is changed.
        @Test(arguments: [
            ["release", "letter", "k"], ["release", "--all"], ["skip", "1"], ["skip", "--type", "letter"],
            ["edit", "1", "--payload", "x"], ["edit", "--type", "letter", "--header", "a=b"], ["pause"], ["resume"],
            ["replay", "--type", "order"], ["replay", "stop", "1"], ["replay", "continue", "1"], ["bulk", "stop", "1"],
            ["bulk", "continue", "1"], ["rebuild"], ["rebuild", "stop", "1"],
            ["rebase", "--republish-since", "infinity"],
        ])
        func anActionNeedsAReasonAndConsent(_ words: [String]) async throws {
            let url = try await outbox(for: words)
            let unreasoned = try await outboxctl(url, words + ["--yes"])
            #expect(unreasoned.exitCode == 64 && unreasoned.errors.contains("--reason: say why"), "\(unreasoned)")
            let unasked = try await outboxctl(url, words + ["--reason", "x"])
            #expect(unasked.exitCode == 64 && unasked.errors.contains("--yes is needed"), "\(unasked)")
            let dry = try await outboxctl(url, words + ["--dry-run"])
            #expect(dry.exitCode == 0 && !dry.output.isEmpty, "\(dry)")
            let inJSON = try await outboxctl(url, words + ["--dry-run", "--json"])
            #expect(inJSON.exitCode == 0 && "{[".contains(inJSON.output.first ?? "?"), "\(inJSON)")
            #expect(try await outboxctl(url, ["decisions"]).output == "no decisions\n")
            // A person at a terminal sees the same, and may say no.
            let declined = try await Command.run(
                [
                    "sh", "-c", "echo n | script --quiet --return --command \"$0 $*\" /dev/null",
                    TestPaths.binary("outboxctl").path,
                ]
                    + words + ["--reason", "x"], environment: ["DATABASE_URL": url])
            #expect(declined.exitCode == 1, "\(declined)")
            #expect(declined.output.contains("[y/N]") && declined.output.contains("nothing was changed"), "\(declined)")
            #expect(try await outboxctl(url, ["decisions"]).output == "no decisions\n")
        }

        /// Published rows, a parked key, and one of each kind of work that no decision is about.
        private func outbox(for words: [String]) async throws -> String {
            let url = try await TestPostgres.database()
            let pause = words == ["resume"] ? "UPDATE outbox_relay.relay SET paused_at = now();" : ""
            let rebuild =
                words == ["rebuild"]
                ? "" : "INSERT INTO order_projection_rebuild (orders_per_second, reason) VALUES (1, 'x');"
            try await onThread {
                let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
                // A transaction of its own, so that the snapshot below contains the rows.
                try connection.execute(
                    """
                    INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                    VALUES ('letter', 'k', 0, 'letter_sent', 'x'), ('order', 'a', 0, 'order_placed', 'x')
                    """)
                try connection.execute(
                    """
                    INSERT INTO outbox_relay.held (outbox_id, aggregate_type, aggregate_id)
                    SELECT outbox_id, aggregate_type, aggregate_id FROM outbox WHERE aggregate_type = 'letter';
                    INSERT INTO outbox_relay.parked (aggregate_type, aggregate_id, outbox_id, error)
                    SELECT aggregate_type, aggregate_id, outbox_id, 'too large' FROM outbox_relay.held;
                    UPDATE outbox_relay.checkpoint_0 SET published = pg_current_snapshot();
                    INSERT INTO outbox_relay.replay (from_id, to_id, rows_per_second, reason, done_through)
                    VALUES (1, 9, 1, 'x', 0);
                    INSERT INTO outbox_relay.bulk (action, filter, reason, total_keys) VALUES ('skip', '{}', 'x', 1);
                    \(rebuild) \(pause)
                    """)
            }
            return url
        }

        private func outboxctl(_ url: String, _ words: [String]) async throws -> Command.Result {
            try await Command.run([TestPaths.binary("outboxctl").path] + words, environment: ["DATABASE_URL": url])
        }

        @Test func workThatIsNotOverIsShown() async throws {
            let url = try await outbox(for: [])
            let status = try await outboxctl(url, ["status", "--sample", "0"])
            for work in [
                "replay 1 is interrupted: 0 rows copied, 0 %", "bulk action 1 (skip) is interrupted",
                "rebuild 1 of the read model waits for a projector",
            ] {
                #expect(status.output.contains(work), "\(work): \(status)")
            }
            let stopped = try await outboxctl(url, ["replay", "stop", "1", "--yes", "--reason", "enough"])
            #expect(stopped.exitCode == 0 && stopped.output.contains("replay 1 ends"), "\(stopped)")
            #expect(try await outboxctl(url, ["replay", "show"]).output.contains("replay 1, ids 1 to 9: stopped"))
            #expect(try await outboxctl(url, ["bulk", "show", "--watch"]).errors.contains("bulk continue 1"))
            let done = try await outboxctl(url, ["bulk", "continue", "1", "--yes", "--reason", "Postgres is back"])
            #expect(done.output.contains("bulk action 1, skip: done, 1 of 1 keys, 1 rows changed"), "\(done)")
            let decisions = try await outboxctl(url, ["decisions"])
            for line in [
                /stop replay +replay 1 .* enough/, /continue skip +bulk action 1 .* Postgres is back/,
                /skip +1 +letter\/k, bulk action 1 .* x/,
            ] {
                #expect(decisions.output.contains(line), "\(decisions)")
            }
        }

        @Test func aStackWithoutARelaySaysWhatIsInTheWay() async throws {
            let url = try await TestPostgres.database()
            let status = try await Command.run(
                [TestPaths.binary("outboxctl").path, "status", "--sample", "0"], environment: ["DATABASE_URL": url])
            #expect(status.exitCode == 3 && status.output.contains("no relay leads"), "\(status)")
        }

        /// An option counts before the environment, whose other addresses are those of another stack.
        @Test func anOptionNamesTheDatabase() async throws {
            let url = try await outbox(for: [])
            let parked = try await Command.run(
                [TestPaths.binary("outboxctl").path, "parked", "--database", url],
                environment: ["DATABASE_URL": "postgresql://127.0.0.1:1/nowhere"])
            #expect(parked.exitCode == 0 && parked.output.contains("letter/k"), "\(parked)")
        }

        /// Rows that nobody can see are told by the transaction that has them; `Operations` is tested with a session.
        @Test func transactionsThatAreNotCommittedAreListed() async throws {
            let (url, name) = (try await outbox(for: []), "import \(UUID())")
            try await execute(
                """
                BEGIN; SET LOCAL outbox_relay.wake = off;
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                VALUES ('order', 'open', 0, 'order_placed', 'x'); PREPARE TRANSACTION '\(name)'
                """, url)
            let shown = try await outboxctl(url, ["list", "--state", "uncommitted"])
            #expect(shown.output.contains(" prepared ") && shown.output.contains(name), "\(shown)")
            let inJSON = try await outboxctl(url, ["list", "--state", "uncommitted", "--json"])
            #expect(inJSON.output.contains(#""kind":"prepared""#), "\(inJSON)")
            try await execute("ROLLBACK PREPARED '\(name)'", url)
            let none = try await outboxctl(url, ["list", "--state", "uncommitted", "--json"])
            #expect(none.exitCode == 0 && none.output == "[]\n", "\(none)")
        }

        private func execute(_ sql: String, _ url: String) async throws {
            try await onThread {
                try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests")).execute(sql)
            }
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
                ["bulk", "list"], ["bulk", "show"], ["bulk", "stop"], ["bulk", "continue"], ["replay", "start"],
                ["replay", "show"], ["replay", "list"], ["replay", "stop"], ["replay", "continue"],
                ["rebuild", "start"],
                ["rebuild", "show"], ["rebuild", "list"], ["rebuild", "stop"],
            ]
            for words in commands.filter({ !["bulk", "replay", "rebuild"].contains($0) }).map({ [$0] }) + more {
                #expect(try await Command.output([binary] + words + ["--help"]).contains("--json"), "\(words)")
            }
        }

        private func addresses(_ stack: TestStack) -> String {
            let values = [
                ("DATABASE_URL", stack.url(as: "outbox_operator")), ("KAFKA_BOOTSTRAP_SERVERS", stack.kafka.address),
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

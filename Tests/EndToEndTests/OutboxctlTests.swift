import Foundation
import Postgres
import TestKit
import Testing

extension OperatorTests {
    /// What `outboxctl` says, above all what it tells people to type next.
    @Suite struct OutboxctlTests {
        @Test func hintsCanBePastedIntoAShell() async throws {
            let url = try await adopted()
            let explained = try await run(url, "explain", "--schema", "my relay", "big order", "it's")
            #expect(explained.exitCode == 0)
            let release = try #require(hint("release", in: explained.output))
            #expect(release == #"outboxctl release --schema 'my relay' --reason "..." 'big order' 'it'\''s'"#)
            #expect(explained.output.contains("no sequence number"))
            // The shell takes it as it is.
            let binary = TestPaths.binary("outboxctl").path
            let pasted = try await Command.run(
                ["sh", "-c", release.replacing("outboxctl release", with: "'\(binary)' release --yes")],
                environment: ["DATABASE_URL": url])
            #expect(pasted.exitCode == 0, "\(pasted.errors)")
            let missing = try await run(url, "explain", "--schema", "my relay", "--", "-5", "x")
            #expect(missing.exitCode == 1)
            #expect(missing.errors.contains("is not parked"))
        }

        @Test func aDecisionNeedsAReasonAndASchemaThatIsThere() async throws {
            let url = try await adopted()
            let unreasoned = try await run(url, "skip", "--schema", "my relay", "7", "--reason", " ")
            #expect(unreasoned.exitCode != 0)
            #expect(unreasoned.errors.contains("--reason: say why"))
            let astray = try await run(url, "parked", "--schema", "nosuch")
            #expect(astray.exitCode != 0)
            #expect(astray.errors.contains("there is no nosuch.relay in this database"))
        }

        /// A rebase shows what it would do, asks, and leaves who did it and why. The earlier name does the same.
        @Test func aRebaseIsPreviewedAskedForAndRecorded() async throws {
            let url = try await adopted()
            let rebase = ["rebase", "--schema", "my relay", "--republish-since"]
            let dry = try await run(url, rebase + ["-infinity", "--dry-run"])
            #expect(dry.output == "1 rows will be published again, 0 count as published\n", "\(dry)")
            let unasked = try await run(url, rebase + ["-infinity", "--reason", "restored"])
            #expect(unasked.exitCode == 64 && unasked.errors.contains("--yes is needed"), "\(unasked)")
            let unreasoned = try await run(url, rebase + ["-infinity", "--yes"])
            #expect(unreasoned.exitCode == 64 && unreasoned.errors.contains("--reason: say why"), "\(unreasoned)")
            let wrong = try await run(url, rebase + ["someday", "--yes", "--reason", "x"])
            #expect(wrong.exitCode == 64 && wrong.errors.contains("--republish-since: 'someday'"), "\(wrong)")
            let rebased = try await run(
                url, rebase + ["-infinity", "--yes", "--reason", "restored"], caller: "ada")
            #expect(rebased.output.contains("1 rows will be published again"), "\(rebased.errors)")
            let decisions = try await Command.output(
                [TestPaths.binary("outboxctl").path, "decisions", "--schema", "my relay"],
                environment: ["DATABASE_URL": url])
            #expect(
                decisions.contains(/rebase .* ada \(.*\) +restored \(republishing since -infinity\)/), "\(decisions)")
            #expect(decisions.contains(/adopt .* outboxctl adopt --table outbox/), "\(decisions)")
            #expect(decisions.split(separator: "\n").count == 3, "\(decisions)")
        }

        @Test func aTopicIsCreatedOnce() async throws {
            let strict = try await onThread { try StrictKafka() }
            let brokers = ["KAFKA_BOOTSTRAP_SERVERS": strict.address]
            let command = [TestPaths.binary("outboxctl").path, "topic", "outbox.event.parcel", "--partitions"]
            let created = try await Command.run(command + ["7"], environment: brokers)
            #expect(created.output == "created outbox.event.parcel with 7 partitions\n", "\(created)")
            let again = try await Command.run(command + ["9"], environment: brokers)
            #expect(again.output == "outbox.event.parcel exists with 7 partitions\n", "\(again)")
            let none = try await Command.run(command + ["0"], environment: brokers)
            #expect(none.exitCode == 64 && none.errors.contains("--partitions: 0 is not in 1...10000"), "\(none)")
            let lost = try await Command.run(command + ["7"], environment: ["KAFKA_BOOTSTRAP_SERVERS": "nonsense:port"])
            #expect(lost.exitCode == 78 && lost.errors.contains("KAFKA_BOOTSTRAP_SERVERS: "), "\(lost)")
        }

        /// What the relay's command line once did, and where it went.
        @Test func theRelaysOldCommandsSayThatTheyMovedAndWork() async throws {
            let url = try await TestPostgres.emptyDatabase()
            try await onThread {
                try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests")).execute(
                    "CREATE TABLE t (id uuid, aggregatetype text, aggregateid text, type text, payload text)")
            }
            let relay = TestPaths.binary("outbox-relay").path
            let adopted = try await Command.run(
                [relay, "adopt", "--table", "t", "--apply"], environment: ["DATABASE_URL": url])
            #expect(adopted.exitCode == 0 && adopted.output.contains("public.t is adopted"), "\(adopted)")
            #expect(adopted.errors.hasPrefix("outbox-relay adopt has moved: use outboxctl adopt\n"), "\(adopted)")
            let role = try await Command.run([relay, "role", "--name", "r"], environment: ["DATABASE_URL": url])
            #expect(role.exitCode == 0 && role.output.contains("GRANT USAGE ON SCHEMA"), "\(role)")
            #expect(role.errors == "outbox-relay role has moved: use outboxctl role\n", "\(role)")
            let help = try await Command.run([relay, "adopt", "--help"])
            #expect(help.exitCode == 0 && help.output.contains("outboxctl adopt --table"), "\(help)")
            let unknown = try await Command.run([relay, "adobt"])
            #expect(unknown.exitCode == 64 && unknown.errors.contains("unknown argument 'adobt'"), "\(unknown)")
            let version = try await Command.run([relay, "--version"])
            #expect(version.output.hasPrefix("outbox-relay "), "\(version)")
        }

        /// The table first, then what to do, then why.
        @Test func aRefusalBeginsWithTheTableAndTheFix() async throws {
            let url = try await TestPostgres.emptyDatabase()
            try await onThread {
                try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests")).execute(
                    """
                    CREATE TABLE t (id uuid, aggregatetype text, aggregateid text, type text, payload text);
                    INSERT INTO t (aggregateid) VALUES ('a')
                    """)
            }
            let binary = TestPaths.binary("outboxctl").path
            let refused = try await Command.run([binary, "adopt", "--table", "t"], environment: ["DATABASE_URL": url])
            #expect(refused.exitCode == 1)
            #expect(
                refused.errors.hasPrefix("Error: public.t cannot be adopted yet:\n- pass --existing publish"),
                "\(refused)")
            let missing = try await Command.run([binary, "upgrade"], environment: ["DATABASE_URL": url])
            #expect(missing.exitCode == 1 && missing.errors.contains("run outboxctl adopt"), "\(missing)")
            let adopt = [binary, "adopt", "--table", "t", "--existing", "skip", "--apply"]
            _ = try await Command.output(adopt, environment: ["DATABASE_URL": url])
            #expect(
                try await Command.output([binary, "upgrade"], environment: ["DATABASE_URL": url]) == "up to date\n")
        }

        private func run(_ url: String, _ words: String...) async throws -> Command.Result { try await run(url, words) }

        /// By the earlier name.
        private func run(_ url: String, _ words: [String], caller: String = "") async throws -> Command.Result {
            try await Command.run(
                [TestPaths.binary("outboxctl").path, "outbox"] + words,
                environment: ["DATABASE_URL": url, "OUTBOXCTL_CALLER": caller])
        }

        private func hint(_ command: String, in text: String) -> String? {
            text.split(separator: "\n").compactMap { line in
                line.firstRange(of: "outboxctl \(command)").map { String(line[$0.lowerBound...]) }
            }.first
        }

        /// A database with one row, whose key is parked.
        private func adopted() async throws -> String {
            let url = try await TestPostgres.emptyDatabase()
            let connect = { @Sendable in
                try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
            }
            try await onThread {
                try connect().execute(
                    """
                    CREATE TABLE outbox (id uuid DEFAULT gen_random_uuid(), aggregatetype text, aggregateid text,
                    type text, payload text)
                    """
                )
            }
            let adopt = [
                TestPaths.binary("outboxctl").path, "adopt", "--table", "outbox", "--schema", "my relay", "--apply",
            ]
            _ = try await Command.output(adopt, environment: ["DATABASE_URL": url])
            try await onThread {
                try connect().execute(
                    """
                    INSERT INTO outbox (aggregatetype, aggregateid, type) VALUES ('big order', 'it''s', 'T');
                    INSERT INTO "my relay".parked (aggregate_type, aggregate_id, outbox_id, error)
                    SELECT aggregate_type, aggregate_id, outbox_id, 'too large' FROM "my relay".source;
                    INSERT INTO "my relay".held (aggregate_type, aggregate_id, outbox_id)
                    SELECT aggregate_type, aggregate_id, outbox_id FROM "my relay".source
                    """)
            }
            return url
        }
    }
}

import Foundation
import TestKit
import Testing

extension OperatorTests {
    /// `outboxctl verify` beside real services.
    @Suite struct VerifyCommandTests {
        /// What an audit says as JSON, as far as these tests ask.
        private struct Audit: Decodable {
            var checked: [String: Int]
            var differences: [String: Int]
            var known: [String: Int]
            var unjudged: [Unjudged]

            struct Unjudged: Decodable {
                var count: Int
                var text: String
            }
        }

        private static let verify = [TestPaths.binary("outboxctl").path, "verify"]

        private func environment(_ stack: TestStack) -> [String: String] {
            [
                "DATABASE_URL": stack.databaseURL, "KAFKA_BOOTSTRAP_SERVERS": stack.kafka.address,
                "RELAY_TOPIC": stack.kafka.topic("{aggregate_type}"), "RELAY_CHECKPOINT_TOPIC": stack.checkpointTopic,
            ]
        }

        /// Runs an audit that has to find these differences, and no others.
        @discardableResult
        private func audit(_ stack: TestStack, _ words: String..., finds: [String: Int] = [:]) async throws -> Audit {
            let result = try await Command.run(
                Self.verify + ["--json"] + words, environment: environment(stack))
            let audit = try JSONDecoder().decode(Audit.self, from: Data(result.output.utf8))
            #expect(audit.differences == finds, "\(result.output)")
            #expect(result.exitCode == (finds.isEmpty ? 0 : 1), "\(result)")
            return audit
        }

        /// Letters and parcels, from outside of the order service.
        private func letters(_ stack: TestStack, _ count: Int, type: String = "letter", _ key: String = "l")
            async throws
        {
            try await stack.execute(
                """
                INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                SELECT '\(type)', '\(key)', n, '\(type)_sent', convert_to('text ' || n, 'UTF8')
                FROM generate_series(1, \(count)) AS n
                """)
        }

        /// Writers, relay and projector go on, and the relay is killed; no audit finds anything wrong. In the end
        /// nothing is on its way.
        @Test func auditsWhileEverythingRuns() async throws {
            try await TestStack.with { stack in
                let load = try await stack.startLoad()
                try await load.acknowledged(50)
                var events = 0
                for turn in 0..<4 {
                    let audit = try await audit(stack)
                    #expect(audit.checked["events"] ?? 0 > events)
                    events = audit.checked["events"] ?? 0
                    if turn == 1 { try await stack.crash(.relay) }
                    try await load.acknowledged(50)
                }
                _ = try await load.end()
                try await stack.settled()
                let last = try await audit(stack)
                #expect(last.known["on_their_way"] == 0 && last.known["not_projected_yet"] == 0)
                #expect(last.checked["events"] == last.checked["rows"])
                #expect(last.checked["projections"] ?? 0 > 200)
            }
        }

        @Test func aDifferenceIsNamedAndEndsWithStatusOne() async throws {
            try await TestStack.with([.relay]) { stack in
                try await letters(stack, 3)
                try await stack.drained()
                try await stack.execute("UPDATE outbox SET payload = 'x' WHERE sequence_number = 2")
                try await audit(stack, finds: ["record_payload": 1])
                let shown = try await Command.run(Self.verify, environment: environment(stack))
                #expect(shown.exitCode == 1)
                #expect(shown.output.contains("1 difference") && shown.output.contains("letter/l"), "\(shown)")
            }
        }

        /// A table of another service: outbox and Kafka are compared, and there is nothing else.
        @Test func anAdoptedTable() async throws {
            try await TestStack.bare { stack in
                let schema = TestPaths.root.appending(path: "relay/examples/python/schema.sql").path
                let url = ["DATABASE_URL": stack.databaseURL]
                _ = try await Command.output(["psql", "--quiet", "-f", schema, stack.databaseURL])
                let adopt = ["adopt", "--table", "billing.outbox", "--existing", "skip", "--apply"]
                _ = try await Command.output([TestPaths.binary("outboxctl").path] + adopt, environment: url)
                try await stack.start(.relay)
                try await stack.healthy(.relay)
                try await stack.execute(
                    """
                    INSERT INTO billing.outbox (aggregatetype, aggregateid, type, payload, tenant)
                    SELECT 'invoice', n % 7, 'InvoiceOpened', jsonb_build_object('number', n), 'acme'
                    FROM generate_series(1, 500) AS n
                    """)
                try await stack.wait(for: "SELECT unpublished_rows = 0 FROM outbox_relay.outbox_state")
                let whole = try await audit(stack)
                #expect(whole.checked["rows"] == 500 && whole.checked["records"] == 500)
                #expect(whole.checked["events"] == 0 && whole.checked["projections"] == 0)
                try await stack.execute(
                    "UPDATE billing.outbox SET payload = '{}' WHERE payload ->> 'number' = '7'")
                try await audit(stack, finds: ["record_payload": 1])
            }
        }

        @Test func limitsByTimeTypeAndAggregate() async throws {
            try await TestStack.with([.relay]) { stack in
                try await letters(stack, 30)
                try await letters(stack, 20, type: "parcel", "p")
                let middle = try #require(try await stack.query("SELECT clock_timestamp()::text").first)
                try await letters(stack, 10, "later")
                try await stack.drained()
                let rows = { (audit: Audit) in [audit.checked["rows"], audit.checked["records"]] }
                #expect(rows(try await audit(stack)) == [60, 60])
                #expect(rows(try await audit(stack, "--until", middle)) == [50, 50])
                #expect(rows(try await audit(stack, "--since", middle)) == [10, 10])
                #expect(rows(try await audit(stack, "--type", "parcel")) == [20, 20])
                #expect(rows(try await audit(stack, "--aggregate", "l")) == [30, 30])
                #expect(rows(try await audit(stack, "--type", "letter", "--since", middle)) == [10, 10])
                // What is outside of the limits is not looked at.
                try await stack.execute("UPDATE outbox SET payload = 'x' WHERE aggregate_id = 'later'")
                try await audit(stack, "--until", middle)
                try await audit(stack, "--since", middle, finds: ["record_payload": 10])
            }
        }

        /// What Kafka's retention removed cannot be judged, and is told; what came later is compared.
        @Test(.switchesKafka) func aTopicThatLostItsOldRecords() async throws {
            try await TestStack.with([], isStrict: true) { stack in
                try await stack.kafka.createTopic("letter", partitions: 1)
                try await stack.start(.relay)
                try await letters(stack, 40)
                try await stack.drained()
                let topic = stack.kafka.topic("letter")
                try await stack.execute("SELECT pg_sleep(0.05)")
                try await stack.kafka.control("settings \(topic) retention.ms=10")
                #expect(try await stack.records(topic).isEmpty)
                try await stack.kafka.control("settings \(topic) retention.ms=604800000")
                let empty = try await audit(stack)
                #expect(empty.unjudged.map(\.count) == [40])
                try await letters(stack, 5, "new")
                try await stack.drained()
                let audit = try await audit(stack)
                #expect(audit.checked["rows"] == 45 && audit.checked["records"] == 5)
                #expect(audit.unjudged.map(\.count) == [40])
                #expect(audit.unjudged.first?.text.contains("retention removed records") == true)
                try await stack.execute("UPDATE outbox SET payload = 'x' WHERE aggregate_id = 'new'")
                try await self.audit(stack, finds: ["record_payload": 5])
            }
        }

        /// The metrics of `--every`: of the last audit, whatever it found.
        @Test func auditsForEverAndServesMetrics() async throws {
            try await TestStack.with([.relay]) { stack in
                try await letters(stack, 3)
                try await stack.drained()
                let port = try FreePort.next()
                let service = stack.keep(
                    try await ManagedProcess.start(
                        TestPaths.binary("outboxctl"), ["verify", "--every", "1s", "--port", "\(port)"],
                        environment: environment(stack)))
                let metrics = { (text: String) async throws -> String in
                    let deadline = ContinuousClock.now + .seconds(60)
                    while true {
                        let words = ["curl", "--silent", "--max-time", "5", "http://127.0.0.1:\(port)/metrics"]
                        let told = try await Command.run(words).output
                        if told.contains(text) { return told }
                        guard .now < deadline else { throw TestFailure("the metrics do not tell \(text): \(told)") }
                    }
                }
                let clean = try await metrics("outbox_verify_audits_total 2")
                #expect(clean.contains(#"outbox_verify_differences{kind="record_payload"} 0"#))
                #expect(clean.contains("outbox_verify_records 3"))
                #expect(clean.contains("outbox_verify_failures_total 0"))
                let ready = ["curl", "--fail", "--silent", "http://127.0.0.1:\(port)/readyz"]
                _ = try await Command.output(ready)
                try await stack.execute("UPDATE outbox SET payload = 'x' WHERE sequence_number = 2")
                _ = try await metrics(#"outbox_verify_differences{kind="record_payload"} 1"#)
                _ = try await service.line(containing: "record_payload")
                try await stack.postgres.stop(.immediate)
                _ = try await metrics("outbox_verify_failures_total 1")
                service.signal(SIGTERM)
                #expect(try await service.exit() == 0)
            }
        }

        /// On a terminal: a bar with the time that is left, which the verdict replaces.
        @Test func theProgressOnATerminal() async throws {
            try await TestStack.with([.relay]) { stack in
                try await letters(stack, 30_000)
                try await stack.drained()
                try await stack.execute("ANALYZE")
                let line = Self.verify.joined(separator: " ")
                let told = try await Command.output(
                    ["script", "--quiet", "--return", "--command", line, "/dev/null"], environment: environment(stack))
                #expect(told.contains("[###") && told.contains(" left"), "\(told)")
                #expect(told.contains("no difference"))
            }
        }
    }
}

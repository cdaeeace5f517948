import Foundation
import Kafka
import Postgres
import TestKit
import Testing
import Values

extension EndToEndTests {
    /// relay/examples/python/README.md, step by step, with the real binaries.
    @Suite struct SidecarExampleTests {
        @Test func aPythonServiceWithItsOwnOutboxIsForwarded() async throws {
            let url = try await TestPostgres.emptyDatabase()
            let example = TestPaths.root.appending(path: "relay/examples/python")
            let schema = example.appending(path: "schema.sql").path
            _ = try await Command.output(["psql", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", schema, url])
            let kafka = try await ManagedProcess.start(TestPaths.binary("embedded-kafka"))
            defer { kafka.abandon() }
            let service = try await ManagedProcess.start(
                URL(filePath: try await Command.python()), [example.appending(path: "service.py").path],
                environment: ["DATABASE_URL": url, "PORT": "0"])
            defer { service.abandon() }
            let http = try await announced("listening on ", by: service)
            try await post(http + "/invoices/1", #"{"cents": 1200}"#)

            let adopt = [TestPaths.binary("outboxctl").path, "adopt", "--table", "billing.outbox"]
            let refused = try await Command.run(adopt + ["--apply"], environment: ["DATABASE_URL": url])
            #expect(refused.exitCode != 0)
            #expect(refused.errors.contains("--existing publish"))
            let printed = try await Command.output(
                adopt + ["--existing", "publish"], environment: ["DATABASE_URL": url])
            #expect(printed.contains("CREATE INDEX CONCURRENTLY"))
            _ = try await Command.output(
                adopt + ["--existing", "publish", "--apply"], environment: ["DATABASE_URL": url])
            let again = try await Command.output(adopt + ["--apply"], environment: ["DATABASE_URL": url])
            #expect(again.contains("nothing to do"))

            let role = "billing_\(UUIDBytes.v7().description.filter { $0 != "-" })"
            let grants = try await Command.output(
                [TestPaths.binary("outboxctl").path, "role", "--name", role], environment: ["DATABASE_URL": url])
            try await onThread {
                try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests")).execute(grants)
            }

            let address = try await announced("KAFKA_BOOTSTRAP_SERVERS=", by: kafka)
            let relay = try await ManagedProcess.start(
                TestPaths.binary("outbox-relay"),
                environment: [
                    "DATABASE_URL": url.replacing("postgres@", with: "\(role)@"), "KAFKA_BOOTSTRAP_SERVERS": address,
                    "RELAY_ADMIN_PORT": "-1", "LOG_LEVEL": "info",
                ])
            defer { relay.abandon() }
            try await post(http + "/invoices/1/pay", "")
            try await post(http + "/invoices/2", #"{"cents": 5}"#)
            try await drained(url)
            try await expectMessages(address)
            _ = try await relay.line(containing: "kafka pre-flight")
            relay.signal(SIGTERM)
            #expect(try await relay.exit() == 0)
        }

        private func announced(_ prefix: String, by process: ManagedProcess) async throws -> String {
            let line = try await process.line(containing: prefix)
            return String(line.dropFirst(prefix.count))
        }

        private func post(_ url: String, _ body: String) async throws {
            _ = try await Command.output(["curl", "--fail", "--silent", "--show-error", "-X", "POST", "-d", body, url])
        }

        private func drained(_ url: String) async throws {
            try await onThread {
                let connection = try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests"))
                let limit = ContinuousClock.now + .seconds(60)
                let isDrained: PostgresStatement =
                    """
                    SELECT unpublished_rows = 0 AND (SELECT cut > 0 AND draining IS NULL FROM outbox_relay.checkpoint)
                    FROM outbox_relay.outbox_state
                    """
                while try !connection.query(isDrained).bool(0, 0) {
                    guard .now < limit else { throw TestFailure("the outbox is not drained") }
                }
            }
        }

        private func expectMessages(_ address: String) async throws {
            let records = try await onThread {
                try KafkaTopicReader(KafkaConfiguration(bootstrapServers: address), topic: "outbox.event.invoice")
                    .records(within: .seconds(30))
            }
            let first = records.filter { $0.keyText == "1" }
            #expect(first.compactMap { $0.headerText("ce_type") } == ["InvoiceOpened", "InvoicePaid"])
            #expect(first.first?.value.map { String(decoding: $0, as: UTF8.self) } == #"{"id": "1", "cents": 1200}"#)
            #expect(records.count { $0.keyText == "2" } == 1)
            #expect(records.allSatisfy { $0.headerText("tenant") == "acme" })
        }
    }
}

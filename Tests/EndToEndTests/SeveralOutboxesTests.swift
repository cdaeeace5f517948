import Foundation
import Kafka
import Postgres
import TestKit
import Testing

extension EndToEndTests {
    /// One process, several outboxes: two tables of one database, a table of another, and two that cannot be relayed.
    @Suite struct SeveralOutboxesTests {
        @Test func eachFlowsAndAFailureOfOneIsToldAndStopsNoOther() async throws {
            let shop = try await TestPostgres.emptyDatabase()
            let archive = try await TestPostgres.emptyDatabase()
            try await adopt("app.orders", schema: "orders_relay", shop)
            try await adopt("app.billing", schema: "billing_relay", shop)
            try await adopt("app.outbox", schema: "outbox_relay", archive)
            try await adopt("app.restored", schema: "restored_relay", archive)
            try await execute(
                "UPDATE restored_relay.relay SET system_identifier = 1, database_oid = 1, timeline = 1", archive)
            let kafka = try await ManagedProcess.start(TestPaths.binary("embedded-kafka"))
            defer { kafka.abandon() }
            let brokers = try await kafka.line(containing: "KAFKA_BOOTSTRAP_SERVERS=").dropFirst(
                "KAFKA_BOOTSTRAP_SERVERS=".count)
            let port = try FreePort.next()
            let relay = try await ManagedProcess.start(
                TestPaths.binary("outbox-relay"),
                environment: [
                    "RELAY_OUTBOXES": "orders,billing,archive,restored,alias",
                    "KAFKA_BOOTSTRAP_SERVERS": String(brokers),
                    "RELAY_TOPIC": "{aggregate_type}", "RELAY_TOPIC__BILLING": "billing.{aggregate_type}",
                    "LOG_FORMAT": "json",
                    "RELAY_ADMIN_PORT": "\(port)", "DATABASE_URL": shop, "RELAY_SCHEMA__ORDERS": "orders_relay",
                    "RELAY_SCHEMA__BILLING": "billing_relay", "DATABASE_URL__ARCHIVE": archive,
                    "DATABASE_URL__RESTORED": archive, "RELAY_SCHEMA__RESTORED": "restored_relay",
                    // The same place in other words: only the server can tell.
                    "DATABASE_URL__ALIAS": archive + "?application_name=alias",
                ])
            defer { relay.abandon() }
            for (table, url) in [("app.orders", shop), ("app.billing", shop), ("app.outbox", archive)] {
                try await insert(table, url)
            }
            for topic in ["orders", "billing.billing", "outbox"] {
                #expect(try await keys(topic, String(brokers)) == ["1", "2", "3"], "\(topic)")
            }
            _ = try await relay.line(containing: "does not belong to this server")
            _ = try await relay.line(containing: "lead to the same database and schema")
            try await expectReport(port)
            let logged = relay.output.filter { $0.contains("\"leading\"") }
            for name in ["orders", "billing"] {
                #expect(logged.contains { $0.contains("\"outbox\":\"\(name)\"") }, "\(logged)")
            }
            relay.signal(SIGTERM)
            #expect(try await relay.exit() == 1, "two outboxes were not relayed")
        }

        private func expectReport(_ port: Int) async throws {
            let ready = try await Command.output([
                "curl", "--silent", "-w", "%{http_code}", "http://127.0.0.1:\(port)/readyz",
            ])
            #expect(ready.contains("orders: leading, "), "\(ready)")
            #expect(ready.contains("billing: leading, "), "\(ready)")
            #expect(ready.contains("restored: failed: foreign checkpoint"), "\(ready)")
            #expect(ready.contains("archive and alias lead") || ready.contains("alias and archive lead"), "\(ready)")
            #expect(ready.hasSuffix("503"))
            _ = try await Command.output(["curl", "--fail", "--silent", "http://127.0.0.1:\(port)/livez"])
            let metrics = try await Command.output(["curl", "--fail", "--silent", "http://127.0.0.1:\(port)/metrics"])
            for name in ["orders", "billing"] {
                #expect(metrics.contains("outbox_relay_published_rows_total{outbox=\"\(name)\"} 3"), "\(metrics)")
                #expect(metrics.contains("outbox_relay_leader{outbox=\"\(name)\"} 1.0"))
            }
            #expect(metrics.contains("outbox_relay_leader{outbox=\"restored\"} 0.0"))
        }

        private func adopt(_ table: String, schema: String, _ url: String) async throws {
            try await execute(
                """
                CREATE SCHEMA IF NOT EXISTS app;
                CREATE TABLE \(table) (id uuid DEFAULT gen_random_uuid(), aggregatetype text, aggregateid text, type
                    text, payload text);
                """, url)
            _ = try await Command.output(
                [TestPaths.binary("outboxctl").path, "adopt", "--table", table, "--schema", schema, "--apply"],
                environment: ["DATABASE_URL": url])
        }

        /// The aggregate type is the table's name.
        private func insert(_ table: String, _ url: String) async throws {
            try await execute(
                """
                INSERT INTO \(table) (aggregatetype, aggregateid, type, payload)
                SELECT '\(table.dropFirst("app.".count))', n::text, 'T', 'x' FROM generate_series(1, 3) AS n
                """, url)
        }

        private func execute(_ sql: String, _ url: String) async throws {
            try await onThread {
                try PostgresConnection(PostgresConfiguration(url: url, applicationName: "tests")).execute(sql)
            }
        }

        /// The keys in a topic once there are three messages. A test's thread blocks SIGTERM, and so do its children.
        private func keys(_ topic: String, _ brokers: String) async throws -> [String] {
            let text = try await Command.output([
                "timeout", "--signal=KILL", "60", "kcat", "-C", "-q", "-b", brokers, "-t", topic, "-o", "beginning",
                "-c", "3", "-f",
                "%k\n",
                "-X", "topic.metadata.refresh.interval.ms=200", "-X", "allow.auto.create.topics=true",
            ])
            return text.split(separator: "\n").map { String($0) }.sorted()
        }
    }
}

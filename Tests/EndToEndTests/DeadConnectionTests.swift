import Foundation
import Postgres
import TestKit
import Testing

extension EndToEndTests {
    /// What stands between a process and its Postgres: a path that dies, sessions that end, a transaction pooler.
    @Suite struct DeadConnectionTests {
        /// All connections of all processes are swallowed at once while new ones work, as by a firewall that restarts.
        @Test func everyProcessGoesOnAfterItsConnectionsAreForgotten() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                let (proxy, settings) = try stack.proxied()
                for service in TestStack.Service.allCases { try await stack.start(service, settings) }
                for service in TestStack.Service.allCases { try await stack.healthy(service) }
                let first = try await stack.place()
                try await stack.waitForPayment(first, status: 3)
                proxy.swallowExisting()
                let second = try await stack.placeAtLast()
                try await stack.waitForPayment(second, status: 3)
                for service in TestStack.Service.allCases { try await stack.healthy(service) }
                #expect(try await stack.metric("postgres_late_statements_total", of: .server) > 0)
                #expect(try await stack.metric("postgres_connections_lost_total", of: .relay) > 0)
                try await stack.drained()
                try await stack.expectInvariants()
            }
        }

        /// The server closed the connections of the pool while they were idle: the first request does not pay for it.
        @Test func theFirstListAfterAllSessionsEndedIsAnswered() async throws {
            try await TestStack.with([.server]) { stack in
                let list = ["curl", "--fail", "--silent", "--show-error", stack.httpURL + "/v1/orders"]
                for _ in 0..<3 {
                    for _ in 0..<4 { _ = try await Command.output(list) }
                    try await stack.endAllSessions()
                    _ = try await Command.output(list)
                }
            }
        }

        /// Nothing comes from Kafka meanwhile: the services find out by themselves, and come back by themselves.
        @Test func idleConsumersNoticeThatPostgresRefusesThem() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                let services: [TestStack.Service] = [.projector, .payments]
                for service in services { try await stack.start(service) }
                for service in services { try await stack.healthy(service) }
                // As after a change of pg_hba.conf: the server answers, and accepts no session.
                let database = try await stack.query("SELECT current_database()").first ?? ""
                let admin = PostgresConfiguration(url: stack.postgres.url(), applicationName: "end-to-end-tests")
                try await onThread {
                    try PostgresConnection(admin).execute(
                        "ALTER DATABASE \(database) ALLOW_CONNECTIONS false; "
                            + "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)'")
                }
                for service in services {
                    try await stack.tells(service, "/readyz", "is not currently accepting connections")
                }
                try await onThread {
                    try PostgresConnection(admin).execute("ALTER DATABASE \(database) ALLOW_CONNECTIONS true")
                }
                for service in services { try await stack.healthy(service) }
                try await stack.postgres.stop(.fast)
                for service in services { try await stack.tells(service, "/readyz", "Connection refused") }
                try await stack.postgres.restart()
                for service in services { try await stack.healthy(service) }
            }
        }

        @Test func everyServiceRefusesATransactionPoolerAtItsStart() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                let (pooler, url) = try await TestPooler.start(.transaction, before: stack.databaseURL)
                for service in [TestStack.Service.server, .projector, .payments] {
                    try await stack.start(service, ["DATABASE_URL": url])
                    let process = try stack.process(service)
                    _ = try await process.line(containing: "DATABASE_URL: a transaction pooler is in between")
                    #expect(try await process.exit() == 78, "\(service.rawValue)")
                }
                let outboxctl = TestPaths.binary("outboxctl").path
                let refused = try await Command.run([outboxctl, "migrate"], environment: ["DATABASE_URL": url])
                #expect(refused.exitCode == 78)
                for _ in 0..<3 {
                    let text = try await Command.output(
                        [outboxctl, "outbox", "parked"], environment: ["DATABASE_URL": url])
                    #expect(text.contains("no key is parked"))
                }
                withExtendedLifetime(pooler) {}
            }
        }

        @Test func aSessionPoolerIsFine() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                let (pooler, url) = try await TestPooler.start(.session, before: stack.databaseURL)
                let services: [TestStack.Service] = [.server, .projector, .payments]
                for service in services { try await stack.start(service, ["DATABASE_URL": url]) }
                for service in services { try await stack.healthy(service) }
                _ = try await stack.place()
                withExtendedLifetime(pooler) {}
            }
        }

        /// The connection breaks before the first answer: outboxctl asks once more.
        @Test func aReadOfOutboxctlIsRepeatedOnce() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                let (proxy, settings) = try stack.proxied()
                // The greeting and the settings of the session were answered.
                proxy.set(.cutAfter(answers: 2))
                let text = try await Command.output(
                    [TestPaths.binary("outboxctl").path, "outbox", "parked"], environment: settings)
                #expect(text.contains("no key is parked"))
                #expect(proxy.cuts == 1)
            }
        }
    }
}

extension TestStack {
    /// A proxy before the stack's Postgres, and the settings of a process that uses it.
    func proxied() throws -> (proxy: TestProxy, settings: [String: String]) {
        let proxy = try TestProxy(target: postgres.port)
        return (proxy, ["DATABASE_URL": databaseURL.replacing(":\(postgres.port)/", with: ":\(proxy.port)/")])
    }

    /// Places an order, again and again until the server takes one; its id.
    func placeAtLast() async throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await place()
            } catch {
                guard .now < deadline else { throw error }
            }
        }
    }

    /// Ends the sessions of all processes, and returns when they have ended.
    func endAllSessions() async throws {
        _ = try await query(
            """
            SELECT pg_terminate_backend(pid, 10000)::text FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }
}

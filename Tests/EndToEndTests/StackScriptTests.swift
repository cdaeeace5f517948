import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// `make up`, `make status` and `make down` without the build: the scripts themselves, with the debug binaries.
    @Suite struct StackScriptTests {
        @Test func givenStoresAreUsedAndOnlyTheServicesAreStarted() async throws {
            try await TestStack.bare(isStrict: true) { stack in
                let scripts = try StackScripts([
                    "DATABASE_URL": stack.databaseURL, "KAFKA_BOOTSTRAP_SERVERS": stack.kafka.address,
                ])
                defer { scripts.removeFolder() }
                let started = try await scripts.run("up")
                let again = try await scripts.run("up")
                let status = try await scripts.run("status")
                let placed = try await scripts.placeOrder()
                let stopped = try await scripts.run("down")

                #expect(started.exitCode == 0, "\(started.errors)\(started.output)")
                #expect(started.output.contains("using the Postgres of DATABASE_URL\n"))
                #expect(started.output.contains("using the brokers of KAFKA_BOOTSTRAP_SERVERS: \(stack.kafka.address)"))
                #expect(started.output.contains("created outbox.event.order with 64 partitions\n"))
                #expect(again.output.hasPrefix("already up\n"), "\(again.errors)\(again.output)")
                #expect(status.exitCode == 0, "\(status.output)")
                #expect(status.output.contains(/postgres +- +given/), "\(status.output)")
                #expect(status.output.contains(/kafka +- +given/), "\(status.output)")
                #expect(placed.exitCode == 0, "\(placed.errors)")
                #expect(stopped.exitCode == 0, "\(stopped.errors)")
                #expect(!scripts.exists("postgres") && !scripts.exists("run/embedded-kafka.pid"))
                #expect(try await stack.query("SELECT count(DISTINCT aggregate_id)::text FROM event") == ["1"])
            }
        }

        /// A shell that read `.data/env` of an earlier stack keeps its addresses; they are not the caller's choice.
        @Test func theStacksOwnAddressesAreNotGivenOnes() async throws {
            let scripts = try StackScripts([
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "STACK_ADDRESSES": "postgresql://127.0.0.1:8/x 127.0.0.1:9",
                "DATABASE_URL": "postgresql://127.0.0.1:8/x",
            ])
            defer { scripts.removeFolder() }
            let started = try await scripts.run("up")
            // Each service under its own role, and none as the owner.
            let sessions = """
                SELECT DISTINCT usename || ' ' || split_part(application_name, ' ', 1) FROM pg_stat_activity
                WHERE datname = 'outbox' AND pid <> pg_backend_pid() ORDER BY 1
                """
            let roles = try await scripts.run("postgres", "psql", "-XAtc", sessions)
            let stopped = try await scripts.run("down")
            #expect(started.exitCode == 0, "\(started.errors)\(started.output)")
            #expect(started.output.contains("starting postgres\nstarting embedded-kafka\n"), "\(started.output)")
            #expect(
                roles.output == """
                    outbox_operator outbox-console
                    outbox_payments orders-payments
                    outbox_projector orders-projector
                    outbox_relay outbox-relay
                    outbox_server orders-server

                    """, "\(roles)")
            #expect(stopped.exitCode == 0, "\(stopped.errors)")
        }

        @Test func aBrokerThatIsAwayIsNamed() async throws {
            let port = try FreePort.next()
            try await expectOneLine(
                ["KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:\(port)"],
                "error: KAFKA_BOOTSTRAP_SERVERS: no broker accepts connections at 127.0.0.1:\(port); start it, "
                    + "or unset the variable for an embedded Kafka")
        }

        @Test func aBrokerWithoutPortIsNamed() async throws {
            try await expectOneLine(
                ["KAFKA_BOOTSTRAP_SERVERS": "localhost"],
                "error: KAFKA_BOOTSTRAP_SERVERS: 'localhost' has no port; write host:port[,host:port...]")
        }

        @Test func aTakenPortIsNamed() async throws {
            let holder = try PortHolder()
            try await expectOneLine(
                ["HTTP_PORT": "\(holder.port)"],
                "error: port \(holder.port) is taken by another program; choose a free one: make up HTTP_PORT=<port>")
        }

        @Test func aFolderThatCannotBeWrittenIsNamed() async throws {
            let file = URL.temporaryDirectory.appending(path: "stack-\(UUID().uuidString)")
            try Data().write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            try await expectOneLine(
                ["DATA_DIR": file.path + "/data"],
                "error: DATA_DIR=\(file.path)/data cannot be written (Not a directory); choose another folder: "
                    + "make up DATA_DIR=<folder>")
        }

        private func expectOneLine(_ variables: [String: String], _ line: String) async throws {
            let scripts = try StackScripts(variables)
            defer { scripts.removeFolder() }
            let refused = try await scripts.run("up")
            #expect(refused.exitCode == 1)
            #expect(refused.output.isEmpty && refused.errors == line + "\n", "\(refused.errors)\(refused.output)")
        }
    }
}

/// The scripts behind `make up`, with a data folder and ports of their own.
private struct StackScripts {
    private let folder = URL.temporaryDirectory.appending(path: "stack-\(UUID().uuidString)")
    private let environment: [String: String]

    init(_ variables: [String: String]) throws {
        environment = [
            "DATA_DIR": folder.path, "BIN_DIR": TestPaths.binary("orders-server").deletingLastPathComponent().path,
            "HTTP_PORT": "\(try FreePort.next())", "GRPC_PORT": "\(try FreePort.next())",
            "CONSOLE_PORT": "\(try FreePort.next())",
        ].merging(variables) { $1 }
    }

    func run(_ script: String, _ words: String...) async throws -> Command.Result {
        try await Command.run(["scripts/\(script).sh"] + words, environment: environment)
    }

    func placeOrder() async throws -> Command.Result {
        let order = """
            {"customer_id":"ada","vendor_id":"acme","product_id":"lamp","quantity":1,"total_price":1,
            "payment_method":"CREDIT_CARD"}
            """
        return try await Command.run([
            "curl", "-fsS", "-X", "POST", "http://127.0.0.1:\(environment["HTTP_PORT"] ?? "")/v1/orders", "-H",
            "Content-Type: application/json", "-d", order,
        ])
    }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: path).path) }

    func removeFolder() { try? FileManager.default.removeItem(at: folder) }
}

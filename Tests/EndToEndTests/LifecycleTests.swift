import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// Starting, stopping, and being started wrongly.
    @Suite struct LifecycleTests {
        private static func row(_ key: String) -> String {
            """
            INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
            VALUES ('order', '\(key)', 0, 'drill', 'x')
            """
        }

        @Test func everyServiceStopsCleanlyOnSIGTERM() async throws {
            try await TestStack.with { stack in
                let id = try await stack.place()
                try await stack.waitForPayment(id, status: 3)
                for service in TestStack.Service.allCases {
                    #expect(try await stack.terminate(service) == 0, "\(service.rawValue)")
                }
            }
        }

        /// The record of the outbox was read before, so that its topic's leader is known, and is away.
        @Test(.switchesKafka) func aRelayStopsWhileKafkaIsAway() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                try await stack.start(.relay, ["RELAY_LEASE": "3s"])
                try await stack.execute(Self.row("early"))
                try await stack.drained()
                while try await stack.deliveryRecords().isEmpty {}
                try await stack.kafka.control("down")
                try await stack.execute(Self.row("late"))
                try await stack.relayTells("/readyz", "blocked")
                _ = try await stack.terminate(.relay)
            }
        }

        /// The server is told to stop while clients place orders: what it acknowledged must be there, and it must not
        /// hang.
        @Test func aServerStoppedUnderLoadKeepsItsWord() async throws {
            try await TestStack.with { stack in
                let load = try await stack.startLoad()
                try await load.acknowledged(50)
                #expect(try await stack.terminate(.server) == 0)
                try await stack.start(.server)
                try await load.acknowledged(50)
                try await stack.expectInvariants(try await load.end())
            }
        }

        /// Services first, then the tables, then Kafka: nobody gives up, and nobody needs to be started again.
        @Test(.switchesKafka) func servicesWaitForWhatIsMissing() async throws {
            try await TestStack.bare { stack in
                try await stack.kafka.control("down")
                for service in [TestStack.Service.payments, .projector, .server, .relay] {
                    try await stack.start(service)
                }
                _ = try await stack.process(.relay).line(containing: "not migrated")
                try await stack.postgres.stop(.immediate)
                try await stack.postgres.restart()
                try await stack.migrate()
                try await stack.healthy(.server)
                let id = try await stack.place()
                try await stack.kafka.control("up")
                try await stack.waitForPayment(id, status: 3)
                for service in TestStack.Service.allCases {
                    #expect(try stack.process(service).isRunning, "\(service.rawValue)")
                }
                try await stack.expectInvariants()
            }
        }

        @Test(arguments: TestStack.Service.allCases)
        func badConfigurationNamesTheVariable(_ service: TestStack.Service) async throws {
            let variable = service.portVariable
            let process = try await ManagedProcess.start(
                TestPaths.binary(service.rawValue),
                environment: [
                    variable: "eighty", "DATABASE_URL": "postgresql://127.0.0.1:1/none",
                    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "OUTBOX_FAIL_POINT": "append-after-commit:often",
                ])
            #expect(try await process.exit() == 78)
            #expect(process.output.contains { $0.contains(variable) && $0.contains("eighty") }, "\(process.output)")
            #expect(
                process.output.contains(
                    "OUTBOX_FAIL_POINT: 'often' is out of place: expected name[:count][:action]"
                        + ", with an action of kill, stop, error"), "\(process.output)")
        }

        /// Without Postgres, Kafka or a network: what a start would refuse, the look at the configuration refuses.
        @Test func aRelayTellsAllMistakesWithoutStarting() async throws {
            let wrong = [
                "LOG_LEVEL": "verbose", "LOG_FORMAT": "xml", "KAFKA_ACKS": "1", "RELAY_TOPIC": "bad topic",
                "KAFKA_FOO": "1", "OUTBOX_FAIL_POINT": "relay-after-ak", "OUTBOX_MUTANT": "none",
            ]
            let variables = [
                "DATABASE_URL": "postgresql://127.0.0.1:1/none", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
                "RELAY_ADMIN_PORT": "-1",
            ]
            for arguments in [["--check-config"], []] {
                let process = try await ManagedProcess.start(
                    TestPaths.binary("outbox-relay"), arguments, environment: variables.merging(wrong) { $1 })
                #expect(try await process.exit() == 78)
                #expect(
                    Set(process.output.dropFirst().map { String($0.prefix { $0 != ":" }) }) == Set(wrong.keys),
                    "\(process.output)")
            }
            let good = try await Command.run(
                [TestPaths.binary("outbox-relay").path, "--check-config"], environment: variables)
            #expect(good.exitCode == 0 && good.errors.isEmpty, "\(good.errors)")
            let more = try await Command.run(
                [TestPaths.binary("outbox-relay").path, "--check-config", "extra"], environment: variables)
            #expect(more.exitCode == 64 && more.errors.contains("--check-config takes no argument"), "\(more.errors)")
        }

        /// What libpq says about a URL that it cannot read quotes the password in it.
        @Test(
            arguments: TestStack.Service.allCases.map { [$0.rawValue] } + [
                ["outboxctl", "outbox", "parked"], ["outboxctl", "migrate"], ["outbox-relay", "--check-config"],
                ["outbox-relay", "adopt", "--table", "t"], ["outbox-relay", "role", "--name", "r"],
                ["outboxctl", "adopt", "--table", "t"], ["outboxctl", "role", "--name", "r"], ["outboxctl", "upgrade"],
            ])
        func aPasswordIsNeverShown(_ words: [String]) async throws {
            for url in ["postgresql://u:SEC%ZZRET@127.0.0.1:1/none", "postgresql://u:SEC@RET@127.0.0.1:1/none"] {
                let process = try await ManagedProcess.start(
                    TestPaths.binary(words[0]), Array(words.dropFirst()),
                    environment: ["DATABASE_URL": url, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"])
                #expect(try await process.exit() == 78)
                #expect(
                    process.output.contains { $0.hasPrefix("DATABASE_URL: ") && $0.contains("write @ as %40") },
                    "\(process.output)")
                #expect(!process.output.contains { $0.contains("SEC") || $0.contains("RET") }, "\(process.output)")
            }
        }

        /// One service of a process that cannot start must end the others with it.
        @Test(arguments: TestStack.Service.allCases)
        func aTakenPortEndsTheProcess(_ service: TestStack.Service) async throws {
            let holder = try PortHolder()
            let process = try await ManagedProcess.start(
                TestPaths.binary(service.rawValue),
                environment: [
                    service.portVariable: "\(holder.port)", "GRPC_PORT": "0",
                    "DATABASE_URL": "postgresql://127.0.0.1:1/none",
                    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
                ])
            #expect(try await process.exit() == 78)
            // Clients come from everywhere; the ports of operators are on loopback.
            let host = service == .server ? "0.0.0.0" : "127.0.0.1"
            #expect(
                process.output.contains {
                    $0.hasPrefix("\(service.portVariable): port \(holder.port) of \(host) is taken")
                },
                "\(process.output)")
            // A relay that led for a moment would have made a standby wait for its lease.
            #expect(service != .relay || process.output.count == 2, "\(process.output)")
        }

        @Test(arguments: TestStack.Service.allCases)
        func anUnknownHostEndsTheProcess(_ service: TestStack.Service) async throws {
            let variable = service.portVariable.replacing("PORT", with: "HOST")
            let process = try await ManagedProcess.start(
                TestPaths.binary(service.rawValue),
                environment: [
                    variable: "no-such-host.invalid", service.portVariable: "0", "GRPC_PORT": "0",
                    "DATABASE_URL": "postgresql://127.0.0.1:1/none", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
                ])
            #expect(try await process.exit() == 78)
            #expect(
                process.output.contains { $0.hasPrefix("\(variable): 'no-such-host.invalid' is no address") },
                "\(process.output)")
        }

        /// A copy of a server's files, marked as the documentation says: the reason is the last line, and the relay's
        /// other services, which end with it, complain of nothing.
        @Test func aRelayThatIsRefusedSaysWhyAndNothingElse() async throws {
            try await TestStack.with([]) { stack in
                let first = try await stack.startRelay("first")
                try await stack.leads("first")
                first.signal(SIGTERM)
                #expect(try await first.exit() == 0)
                try await stack.execute("UPDATE outbox_relay.relay SET timeline = 0")
                let second = try await stack.startRelay("second", ["RELAY_ADMIN_PORT": "0"])
                #expect(try await second.exit() == 1)
                #expect(second.output.last?.contains("foreign checkpoint: ") == true, "\(second.output)")
                #expect(!second.output.contains { $0.contains(" ERROR ") }, "\(second.output)")
            }
        }

        /// The dual write of the reference must stay unwritable: the server cannot even speak Kafka.
        @Test func theServerDoesNotLoadLibrdkafka() async throws {
            try await TestStack.with([.server]) { stack in
                let maps = try await Command.output(["cat", "/proc/\(stack.process(.server).pid)/maps"])
                let libraries = Set(
                    maps.split(separator: "\n").compactMap { $0.split(separator: "/").last?.prefix { $0 != "." } })
                #expect(libraries.contains("libpq"))
                #expect(!libraries.contains("librdkafka"))
            }
        }
    }
}

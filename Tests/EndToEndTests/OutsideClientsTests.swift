import Foundation
import HTTP2TestKit
import TestKit
import Testing

extension EndToEndTests {
    /// Clients and judges that share no code with the server, against its real binary. Each prints what it objects to.
    @Suite struct OutsideClientsTests {
        /// Runs a script of Tests/Clients to its end; every objection fails the test.
        private func judge(_ script: String, _ arguments: [String], summary: String) async throws {
            let result = try await Command.run([try await Command.python(), "Tests/Clients/\(script)"] + arguments)
            #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
            #expect(result.output.contains(summary), "\(result.output)\(result.errors)")
        }

        @Test func http2Conforms() async throws {
            try await TestStack.withServer { stack in
                try await judge("http2_conformance.py", [stack.grpcAddress], summary: "on 2 transports, 0 failed")
            }
        }

        @Test func everydayClientsOfHTTP11GetWhatTheyAreOwed() async throws {
            try await TestStack.withServer { stack in
                try await judge("http11_clients.py", [stack.httpURL], summary: "checks, 0 failed")
            }
        }

        @Test func theJSONIsThatOfProtobuf() async throws {
            try await TestStack.withServer { stack in
                try await judge("json_mapping.py", [stack.httpURL, stack.grpcAddress], summary: "checks, 0 failed")
            }
        }

        @Test func googlesClientGetsWhatItIsOwed() async throws {
            try await TestStack.withServer { stack in
                try await judge(
                    "grpc_behaviour.py", [stack.grpcAddress, "--metrics", stack.httpURL], summary: "checks, 0 failed")
                try await stack.postgres.stop(.immediate)
                try await judge("grpc_moments.py", [stack.grpcAddress, "unavailable"], summary: "as it should be")
            }
        }

        /// Load balancers get time to notice; what is in flight is finished; every kind of stream is told.
        @Test func aShutdownIsAnnouncedAndFinishesWhatIsInFlight() async throws {
            try await TestStack.withServer(["SHUTDOWN_DELAY": "3s"]) { stack in
                let client = try await ManagedProcess.start(
                    URL(filePath: try await Command.python()),
                    [
                        TestPaths.root.appending(path: "Tests/Clients/grpc_moments.py").path, stack.grpcAddress,
                        "shutdown", "--database",
                        stack.databaseURL, "--http", stack.httpURL,
                    ])
                _ = try await client.line(containing: "ready")
                #expect(try await stack.terminate(.server) == 0)
                #expect(try await client.exit() == 0, "\(client.output)")
                #expect(client.output.contains("as it should be"))
            }
        }

        /// Five thousand of them, by gRPC and by Server-Sent Events.
        @Test func idleWatchersCostTheDatabaseNothing() async throws {
            try await TestStack.withServer { stack in
                let pid = try stack.process(.server).pid
                try await judge(
                    "idle_watchers.py", [stack.grpcAddress, "--database", stack.databaseURL, "--pid", "\(pid)"],
                    summary: "5000 watchers")
            }
        }

        /// schemathesis makes requests from the OpenAPI document, well-formed and not, over HTTP/1.1 and over HTTP/2.
        /// The same ones each time; SCHEMATHESIS_SEED chooses others. One worker: with several, threads now and then
        /// fail in Python's own parser.
        @Test(arguments: ["HTTP/1.1", "HTTP/2"])
        func theOpenAPIDocumentIsTrue(_ version: String) async throws {
            try await TestStack.withServer { stack in
                let server = version == "HTTP/2" ? "http://\(stack.grpcAddress)" : stack.httpURL
                let seed = ProcessInfo.processInfo.environment["SCHEMATHESIS_SEED"] ?? "1"
                let hooks = ["SCHEMATHESIS_HOOKS": "schemathesis_http2", "PYTHONPATH": "Tests/Clients"]
                let result = try await Command.run(
                    [
                        try await Command.python(), "-m", "schemathesis.cli", "run", server + "/openapi.json",
                        "--checks", "all",
                        "--max-examples", "15", "--workers", "1", "--seed", seed, "--no-color",
                    ], environment: version == "HTTP/2" ? hooks : [:])
                #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
            }
        }
    }
}

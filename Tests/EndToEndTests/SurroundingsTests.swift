import Foundation
import TestKit
import Testing

extension EndToEndTests {
    /// What the surroundings of a process can do to it, such as a log that nobody reads.
    @Suite struct SurroundingsTests {
        /// A full pipe blocked the first line, so the server never listened and SIGTERM did not end it.
        @Test func aServerWorksWhileNobodyReadsItsLog() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                try await stack.startUnread(.server, ["LOG_LEVEL": "trace"])
                try await stack.healthy(.server)
                // Each connection is two lines at this level: more lines than the buffer takes.
                _ = try await Command.output([
                    "curl", "--silent", "--show-error", "--output", "/dev/null", "--header", "Connection: close",
                    stack.httpURL + "/livez?[1-6000]",
                ])
                #expect(try await stack.metric("log_lines_dropped_total", of: .server) > 0)
                _ = try await stack.place()
                #expect(try await stack.terminate(.server) == 0)
            }
        }

        @Test func everyServiceStopsWhileNobodyReadsItsLog() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                for service in TestStack.Service.allCases {
                    try await stack.startUnread(service, ["LOG_LEVEL": "trace"])
                }
                for service in TestStack.Service.allCases { try await stack.healthy(service) }
                let id = try await stack.place()
                try await stack.waitForPayment(id, status: 3)
                for service in TestStack.Service.allCases {
                    #expect(try await stack.terminate(service) == 0, "\(service.rawValue)")
                }
            }
        }

        /// The reader is gone, and each write to the pipe fails with EPIPE.
        @Test func aServerWorksWhenTheReaderOfItsLogIsGone() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                try await stack.start(.server, ["LOG_LEVEL": "trace"], throughShell: #"exec "$@" > >(exec true) 2>&1"#)
                try await stack.healthy(.server)
                _ = try await stack.place()
                #expect(try await stack.metric("log_write_failures_total", of: .server) > 0)
                #expect(try await stack.terminate(.server) == 0)
            }
        }

        /// `/dev/full` answers each write with ENOSPC, as a full disk does.
        @Test func aServerWorksWhenTheDiskOfItsLogIsFull() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                try await stack.start(.server, throughShell: #"exec "$@" > /dev/full 2>&1"#)
                try await stack.healthy(.server)
                _ = try await stack.place()
                #expect(try await stack.metric("log_write_failures_total", of: .server) > 0)
                #expect(try await stack.terminate(.server) == 0)
            }
        }

        /// The number of a closed descriptor goes to the next socket, and the log would have written into that.
        @Test func closedStandardDescriptorsAreNotUsedForAnythingElse() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                for service in TestStack.Service.allCases {
                    try await stack.start(service, throughShell: #"exec "$@" <&- >&- 2>&-"#)
                }
                for service in TestStack.Service.allCases {
                    try await stack.healthy(service)
                    for descriptor in 0...2 {
                        let file = try FileManager.default.destinationOfSymbolicLink(
                            atPath: "/proc/\(stack.process(service).pid)/fd/\(descriptor)")
                        #expect(file == "/dev/null", "\(service.rawValue) \(descriptor)")
                    }
                }
                let id = try await stack.place()
                try await stack.waitForPayment(id, status: 3)
            }
        }

        /// One core was spent in accept, nothing was logged, and `/livez` was dead.
        @Test func aServerOutlivesMoreConnectionsThanItHasDescriptors() async throws {
            try await TestStack.bare { stack in
                try await stack.migrate()
                try await stack.start(.server, throughShell: #"ulimit -n 96 && exec "$@""#)
                try await stack.healthy(.server)
                let ports = [stack.httpURL, stack.grpcAddress].compactMap {
                    $0.split(separator: ":").last.map(String.init)
                }
                let flood = stack.keep(
                    try await ManagedProcess.start(
                        URL(filePath: try await Command.python()),
                        ["-u", TestPaths.root.appending(path: "Tests/Clients/idle_connections.py").path, "400"] + ports)
                )
                _ = try await flood.line(containing: "open")
                let server = try stack.process(.server)
                _ = try await server.line(containing: "connection limit reached")
                let before = try await server.cpuSeconds()
                _ = try await Command.output(["sleep", "3"])
                #expect(try await server.cpuSeconds() - before < 1)
                try await stack.healthy(.server)
                _ = try await stack.place()
                #expect(try await stack.metric("connections_refused_total", of: .server) > 0)
                flood.signal(SIGKILL)
                _ = try await flood.exit()
                try await stack.healthy(.server)
                _ = try await stack.place()
                #expect(try await stack.terminate(.server) == 0)
            }
        }
    }
}

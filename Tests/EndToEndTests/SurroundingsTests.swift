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
    }
}

import HTTP2
import HTTP2TestKit
import NIOConcurrencyHelpers
import Testing

/// One task runs many handlers, without an effect of one handler on the next.
@Suite struct HandlerTaskTests {
    private typealias Kind = RawFrame.Kind

    /// Responds with the identity of its task and whether that is cancelled; `/hang` waits for its cancellation first.
    private static let application = HTTP2RequestApplication { request in
        if request.path == "/hang" { await untilCancelled() }
        let task = withUnsafeCurrentTask { $0?.hashValue ?? 0 }
        return HTTP2Response(status: 200, body: .bytes(Array("\(task) \(Task.isCancelled)".utf8)))
    }

    private static func untilCancelled() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
    }

    private func talk(_ body: @escaping @Sendable (RawConnection) throws -> Void) async throws {
        try await withServer(Self.application) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                try body(client)
            }
        }
    }

    private static func get(_ client: RawConnection, _ stream: UInt32) throws -> (
        task: Substring, isCancelled: Substring
    ) {
        client.headers(stream, HeaderEncoder.get("/"), end: true)
        let words = String(decoding: try client.response(stream).body, as: UTF8.self).split(separator: " ")
        return (try #require(words.first), try #require(words.last))
    }

    @Test func oneTaskRunsOneHandlerAfterTheOther() async throws {
        try await talk { client in
            let first = try Self.get(client, 1)
            // The first stream is closed by now, which must not cancel the task it had.
            for stream in stride(from: UInt32(3), to: 21, by: 2) {
                #expect(try Self.get(client, stream) == (first.task, "false"))
            }
        }
    }

    @Test func aWaitingHandlerKeepsItsTask() async throws {
        try await talk { client in
            client.headers(1, HeaderEncoder.get("/hang"), end: true)
            let second = try Self.get(client, 3)
            #expect(second.isCancelled == "false")
            client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
            for stream in stride(from: UInt32(5), to: 21, by: 2) {
                #expect(try Self.get(client, stream) == (second.task, "false"))
            }
        }
    }

    @Test func aCancelledHandlerTakesItsTaskWithIt() async throws {
        try await talk { client in
            _ = try Self.get(client, 1)
            for stream in stride(from: UInt32(3), to: 43, by: 4) {
                client.headers(stream, HeaderEncoder.get("/hang"), end: true)
                client.send(RawFrame(Kind.resetStream, stream: stream, big(8)))
                #expect(try Self.get(client, stream + 2).isCancelled == "false")
            }
        }
    }
}

import GRPC
import HTTP2
import HTTP2TestKit
import SwiftProtobuf
import Testing

/// Handlers without a task, over the wire. `CallTests` has their usual answers.
@Suite struct GRPCReplyTests {
    private typealias Bytes = Google_Protobuf_BytesValue
    private typealias Kind = RawFrame.Kind

    private func talk(_ events: Events = Events(), _ body: @escaping @Sendable (RawConnection) throws -> Void) async throws
    {
        try await withServer(GRPCApplication(router: EchoService.router(events: events))) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                try body(client)
            }
        }
    }

    @Test func theMetadataOfALateAnswerIsSent() async throws {
        try await talk { client in
            let response = try client.call(1, "ReplyingLater", Bytes([1]))
            #expect(response.grpcStatus == 0)
            #expect(response["x-later"] == "yes")
        }
    }

    @Test(arguments: [("ReplyingError", "later"), ("ReplyingNothing", "at once")])
    func anErrorEndsTheCall(_ method: String, _ message: String) async throws {
        try await talk { client in
            let response = try client.call(1, method, Bytes([]))
            #expect(response.grpcStatus == 10)
            #expect(response["grpc-message"] == message)
        }
    }

    @Test func theDeadlineCancelsTheWork() async throws {
        let events = Events()
        try await talk(events) { client in
            expectSame(try client.call(1, "ReplyingNever", Bytes([]), [("grpc-timeout", "50m")]).grpcStatus, 4)
        }
        await events.waitForCancellation()
        #expect(events.cancellations == 1)
    }

    @Test func aResetCancelsTheWork() async throws {
        let events = Events()
        try await talk(events) { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/ReplyingNever"))
            client.data(1, frame([]), end: true)
            client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
            // The connection still serves.
            expectSame(try client.call(3, "ReplyingLater", Bytes([])).grpcStatus, 0)
        }
        await events.waitForCancellation()
        #expect(events.cancellations == 1)
    }

    @Test func anAnsweredCallCancelsNothing() async throws {
        let events = Events()
        try await talk(events) { client in
            expectSame(try client.call(1, "ReplyingDone", Bytes([])).grpcStatus, 0)
            client.shutdown()
        }
        #expect(events.cancellations == 0)
    }

    @Test func manyAnswersOfOtherThreadsReachTheirCalls() async throws {
        try await talk { client in
            for number in UInt8(0)..<50 {
                client.headers(UInt32(number) * 2 + 1, HeaderEncoder.call("/test.Echo/ReplyingLater"))
                client.data(UInt32(number) * 2 + 1, frame(try Bytes([number]).serializedBytes()), end: true)
            }
            // The answers come in any order; each DATA frame names its stream.
            var answered: Set<UInt32> = []
            while answered.count < 50 {
                let data = try client.read(Kind.data)
                let number = UInt8(truncatingIfNeeded: data.stream / 2)
                expectSame(data.payload, frame(try Bytes([number]).serializedBytes()))
                answered.insert(data.stream)
            }
        }
    }
}

import GRPC
import HTTP2
import HTTP2TestKit
import SwiftProtobuf
import Testing

/// The rules of gRPC for servers, tested over the wire.
@Suite struct CallTests {
    private typealias Bytes = Google_Protobuf_BytesValue
    private typealias Kind = RawFrame.Kind

    private func talk(
        limits: GRPCLimits = GRPCLimits(), http2: HTTP2Limits = HTTP2Limits(), events: Events = Events(),
        _ body: @escaping @Sendable (RawConnection) throws -> Void
    ) async throws {
        let application = GRPCApplication(router: EchoService.router(limits: limits, events: events))
        try await withServer(application, limits: http2) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                try body(client)
            }
        }
    }

    @Test(arguments: ["Unary", "Yielding", "OnPool", "ReplyingAtOnce", "ReplyingLater"])
    func aUnaryCallIsAnswered(_ method: String) async throws {
        try await talk { client in
            for (index, size) in [0, 1, 1_000, 100_000].enumerated() {
                let message = Bytes((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                let response = try client.call(UInt32(2 * index + 1), method, message)
                #expect(response.status == "200")
                #expect(response["content-type"] == "application/grpc")
                #expect(response.grpcStatus == 0)
                expectSame(response.messages, [try message.serializedBytes()])
            }
        }
    }

    @Test func aMessageMayComeByteByByte() async throws {
        try await talk { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Unary"))
            let message: [UInt8] = try Bytes([1, 2, 3]).serializedBytes()
            for byte in frame(message) { client.data(1, [byte]) }
            client.data(1, [], end: true)
            expectSame(try client.response(1).messages, [message])
        }
    }

    @Test func metadataGoesBothWays() async throws {
        try await talk { client in
            let response = try client.call(1, "Metadata", Bytes([]), [("x-text", "hello"), ("x-data-bin", "AQID/w")])
            #expect(response.blocks.first?.contains { $0 == ("x-initial", "hello") } == true)
            #expect(response["x-trailing-bin"] == "AQID/w")
            let padded = try client.call(3, "Metadata", Bytes([]), [("x-data-bin", "AQID/w==")])
            #expect(padded["x-trailing-bin"] == "AQID/w")
        }
    }

    @Test func anErrorHasATextAndDetails() async throws {
        try await talk { client in
            let response = try client.call(1, "Fail", Bytes([]))
            #expect(response.blocks.count == 1)
            #expect(response.grpcStatus == 9)
            #expect(response["grpc-message"] == "%C3%B6%25")
            // google.rpc.Status with ErrorInfo, BadRequest and RetryInfo, as Google's own encoder writes it.
            #expect(
                response["grpc-status-details-bin"]
                    == "CAkSA8O2JRpICih0eXBlLmdvb2dsZWFwaXMuY29tL2dvb2dsZS5ycGMuRXJyb3JJbmZvEhwKCFRPT19MQVRFEgR0"
                    + "ZXN0GgoKBW9yZGVyEgE3GksKKXR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5CYWRSZXF1ZXN0Eh4KHAoI"
                    + "cXVhbnRpdHkSEG11c3QgYmUgcG9zaXRpdmUaNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5"
                    + "SW5mbxIKCggIARCAyrXuAQ")
        }
    }

    @Test func aForeignErrorsTextStaysInside() async throws {
        try await talk { client in
            let response = try client.call(1, "Crash", Bytes([]))
            #expect(response.grpcStatus == 2)
            #expect(response["grpc-message"]?.contains("hunter2") == false)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let what: String
        var fields: [(String, String)]
        var status: String = "200"
        var code: Int?
        var testDescription: String { what }
    }

    @Test(arguments: [
        Refusal(what: "a path that is no method", fields: HeaderEncoder.call("/test.Echo/Nothing"), code: 12),
        Refusal(what: "no path to speak of", fields: HeaderEncoder.call("/"), code: 12),
        Refusal(what: "no te", fields: HeaderEncoder.call("/test.Echo/Unary").filter { $0.0 != "te" }, code: 3),
        Refusal(
            what: "a timeout that is none", fields: HeaderEncoder.call("/test.Echo/Unary", [("grpc-timeout", "soon")]),
            code: 3),
        Refusal(
            what: "an unknown encoding", fields: HeaderEncoder.call("/test.Echo/Unary", [("grpc-encoding", "br")]),
            code: 12),
        Refusal(
            what: "another content type", fields: HeaderEncoder.get("/", [("content-type", "text/html")]), status: "415"
        ),
        Refusal(what: "no content type", fields: HeaderEncoder.get("/"), status: "415"),
        Refusal(
            what: "grpc-web",
            fields: HeaderEncoder.get("/", [("content-type", "application/grpc-web")]), status: "415"),
        Refusal(
            what: "a codec other than protobuf",
            fields: [
                (":method", "POST"), (":scheme", "http"), (":path", "/test.Echo/Unary"), (":authority", "a"),
                ("content-type", "application/grpc+json"),
                ("te", "trailers"),
            ], status: "415"),
        Refusal(
            what: "GET",
            fields: HeaderEncoder.get("/test.Echo/Unary", [("content-type", "application/grpc"), ("te", "trailers")]),
            status: "405"),
    ])
    func aBadRequestIsRefused(_ refusal: Refusal) async throws {
        try await talk { client in
            client.headers(1, refusal.fields, end: true)
            let response = try client.response(1)
            #expect(response.blocks.count == 1)
            #expect(response.status == refusal.status)
            #expect(response.grpcStatus == refusal.code)
            if refusal.what == "an unknown encoding" {
                #expect(response["grpc-accept-encoding"] == "identity,deflate,gzip")
            }
        }
    }

    @Test func metadataBeyondTheLimitIsRefused() async throws {
        var http2 = HTTP2Limits()
        http2.headerListBytes = 2_000
        try await talk(http2: http2) { client in
            let response = try client.call(1, "Unary", Bytes([]), [("x", String(repeating: "y", count: 3_000))])
            #expect(response.grpcStatus == 8)
            expectSame(try client.call(3, "Unary", Bytes([])).grpcStatus, 0)
        }
    }

    struct BadBody: Sendable, CustomTestStringConvertible {
        let what: String
        let body: [UInt8]
        let code: Int
        var testDescription: String { what }
    }

    @Test(arguments: [
        BadBody(what: "nothing", body: [], code: 12),
        BadBody(what: "two messages", body: frame([]) + frame([]), code: 12),
        BadBody(what: "half a message", body: [0, 0, 0, 0, 9, 1], code: 13),
        BadBody(what: "half a prefix", body: [0, 0, 0], code: 13),
        BadBody(what: "an unknown flag", body: frame([], flag: 2), code: 13),
        BadBody(what: "a compressed message without an encoding", body: frame([1], flag: 1), code: 13),
        BadBody(what: "bytes that are no protobuf", body: frame([0xff, 0xff]), code: 13),
        BadBody(what: "a length beyond the limit", body: [0, 0, 0, 4, 1], code: 8),
    ])
    func aBadBodyIsRefused(_ bad: BadBody) async throws {
        var limits = GRPCLimits()
        limits.receivedMessageBytes = 1_024
        try await talk(limits: limits) { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Unary"))
            client.data(1, bad.body, end: true)
            expectSame(try client.response(1).grpcStatus, bad.code)
        }
    }

    @Test func aResponseBeyondTheLimitIsRefused() async throws {
        var limits = GRPCLimits()
        limits.sentMessageBytes = 1_000
        try await talk(limits: limits) { client in
            expectSame(try client.call(1, "Unary", Bytes([UInt8](repeating: 0, count: 1_000))).grpcStatus, 8)
        }
    }

    @Test func anUnfinishedRequestIsGivenUp() async throws {
        var http2 = HTTP2Limits()
        http2.timerInterval = .milliseconds(20)
        http2.requestTimeout = .milliseconds(100)
        try await talk(http2: http2) { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Unary"))
            expectSame(try client.response(1).grpcStatus, 4)
        }
    }

    // MARK: - Streams

    @Test func aServerStreamsMessages() async throws {
        try await talk { client in
            let response = try client.call(1, "Count", Google_Protobuf_Int64Value(500))
            #expect(response.grpcStatus == 0)
            #expect(response.messages.count == 500)
            expectSame(
                response.messages.last, try Bytes([UInt8](repeating: UInt8(499 & 255), count: 1_000)).serializedBytes())
        }
    }

    @Test func aClientStreamsMessages() async throws {
        try await talk { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Sum"))
            for size in [10, 20_000, 0, 7] {
                let bytes = frame(try Bytes([UInt8](repeating: 1, count: size)).serializedBytes())
                for start in stride(from: 0, to: bytes.count, by: 16_000) {
                    client.data(1, Array(bytes[start..<min(start + 16_000, bytes.count)]))
                }
            }
            client.data(1, [], end: true)
            let response = try client.response(1)
            expectSame(response.messages, [try Google_Protobuf_Int64Value(20_017).serializedBytes()])
        }
    }

    @Test func bothSidesTalkInTurns() async throws {
        try await talk { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Chat"))
            for number in UInt8(0)..<20 {
                let bytes: [UInt8] = try Bytes([number]).serializedBytes()
                client.data(1, frame(bytes))
                expectSame(try client.read(Kind.data).payload, frame(bytes))
            }
            client.data(1, [], end: true)
            expectSame(try client.response(1).grpcStatus, 0)
        }
    }

    @Test func aBadMessageInAStreamEndsIt() async throws {
        try await talk { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Chat"))
            client.data(1, frame([0xff]))
            expectSame(try client.response(1).grpcStatus, 13)
        }
    }

    // MARK: - Ends

    @Test func theDeadlineEndsTheCallAndItsHandler() async throws {
        let events = Events()
        try await talk(events: events) { client in
            expectSame(try client.call(1, "Hang", Bytes([]), [("grpc-timeout", "50m")]).grpcStatus, 4)
        }
        await events.waitForCancellation()
    }

    @Test func aResetCancelsTheHandler() async throws {
        let events = Events()
        let application = GRPCApplication(router: EchoService.router(events: events))
        try await withServer(application) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                client.headers(1, HeaderEncoder.call("/test.Echo/Hang"))
                client.data(1, frame([]), end: true)
                client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
                // After the answer to the PING the reset is processed.
                client.send(RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)))
                _ = try client.read(Kind.ping)
            }
            await events.waitForCancellation()
        }
    }

    @Test func aLostConnectionCancelsTheHandler() async throws {
        let events = Events()
        let application = GRPCApplication(router: EchoService.router(events: events))
        try await withServer(application) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake()
                client.headers(1, HeaderEncoder.call("/test.Echo/Deaf"))
                client.send(RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)))
                _ = try client.read(Kind.ping)
                client.shutdown()
            }
            await events.waitForCancellation()
        }
    }

    @Test func aSlowReaderHoldsItsWriter() async throws {
        let events = Events()
        try await talk(events: events) { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Count"))
            client.data(1, frame(try Google_Protobuf_Int64Value(1_000_000).serializedBytes()), end: true)
            var received = 0
            // The default window of 65,535 bytes: it is used up, and the client sends no WINDOW_UPDATE.
            while received < 65_535 { received += try client.read(Kind.data).payload.count }
            client.send(RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)))
            _ = try client.read(Kind.ping)
            // Window and buffer hold about 130 messages of 1,000 bytes; a million would be a gigabyte.
            #expect(events.writes < 300)
        }
    }

    @Test func aHandlerThatDoesNotReadStopsItsSender() async throws {
        let events = Events()
        try await talk(events: events) { client in
            client.headers(1, HeaderEncoder.call("/test.Echo/Deaf"))
            let bytes = frame(try Bytes([UInt8](repeating: 1, count: 10_000)).serializedBytes())
            // The window (256 KiB) and the queue (64 KiB) are used up; no more is granted.
            var sent = 0
            while sent + bytes.count <= 256 * 1024 {
                client.data(1, bytes)
                sent += bytes.count
            }
            client.send(RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)))
            var granted = 0
            while true {
                let frame = try client.read(Kind.windowUpdate, Kind.ping)
                if frame.kind == Kind.ping { break }
                if frame.stream == 1 { granted += frame.payload.reduce(0) { $0 << 8 | Int($1) } }
            }
            #expect(granted <= 80 * 1024)
        }
    }
}

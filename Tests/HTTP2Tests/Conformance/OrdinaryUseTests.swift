import HTTP2
import HTTP2TestKit
import Testing

/// The behaviour on which correct clients rely.
@Suite struct OrdinaryUseTests {
    private typealias Kind = RawFrame.Kind
    private typealias Flag = RawFrame.Flag

    private func talk(
        limits: HTTP2Limits = HTTP2Limits(), settings: [UInt8] = [],
        _ body: @escaping @Sendable (RawConnection) throws -> Void
    ) async throws {
        try await withServer(ProbeApplication(), limits: limits) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                try client.handshake(settings: settings)
                try body(client)
            }
        }
    }

    @Test func aHeaderBlockMayComeInPieces() async throws {
        try await talk { client in
            let block = HeaderEncoder.encode(HeaderEncoder.get("/", [("x", "y")]))
            client.send(RawFrame(Kind.headers, flags: Flag.endStream, stream: 1, Array(block[..<3])))
            client.send(RawFrame(Kind.continuation, stream: 1, Array(block[3..<9])))
            client.send(RawFrame(Kind.continuation, stream: 1, []))
            client.send(RawFrame(Kind.continuation, flags: Flag.endHeaders, stream: 1, Array(block[9...])))
            expectSame(try client.response(1).status, "200")
        }
    }

    @Test func paddingAndPriorityAreReadOver() async throws {
        try await talk { client in
            let block = HeaderEncoder.encode(HeaderEncoder.get("/"))
            let flags = Flag.padded | Flag.priority | Flag.endHeaders
            client.send(RawFrame(Kind.headers, flags: flags, stream: 1, [4] + big(0) + [15] + block + [0, 0, 0, 0]))
            client.send(RawFrame(Kind.data, flags: Flag.padded | Flag.endStream, stream: 1, [2, 7, 8, 9, 0, 0]))
            expectSame(try client.response(1).body, [7, 8, 9])
        }
    }

    @Test func trailersEndARequest() async throws {
        try await talk { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.data(1, [1, 2])
            client.headers(1, [("checksum", "abc")], end: true)
            expectSame(try client.response(1).body, [1, 2])
        }
    }

    @Test func aResponseWaitsForTheStreamWindow() async throws {
        // INITIAL_WINDOW_SIZE 0: the header fields come, the body waits.
        try await talk(settings: [0, 4] + big(0)) { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.data(1, [1, 2, 3], end: true)
            expectSame(try client.read(Kind.headers).stream, 1)
            client.send(RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)))
            expectSame(try client.read(Kind.ping, Kind.data).kind, Kind.ping)
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(1)))
            expectSame(try client.read(Kind.data).payload, [1])
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(5)))
            expectSame(try client.read(Kind.data).payload, [2, 3])
        }
    }

    @Test func aShrunkInitialWindowMayGoNegative() async throws {
        try await talk(settings: [0, 4] + big(3)) { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.data(1, [1, 2, 3, 4, 5, 6])
            expectSame(try client.read(Kind.data).payload, [1, 2, 3])
            client.send(RawFrame(Kind.settings, [0, 4] + big(1)))
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(2)))
            client.send(RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)))
            expectSame(try client.read(Kind.ping, Kind.data).kind, Kind.ping)
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(1)))
            expectSame(try client.read(Kind.data).payload, [4])
        }
    }

    @Test func uploadsLargerThanAnyWindowPassThrough() async throws {
        try await talk { client in
            client.headers(1, HeaderEncoder.call("/"))
            var sent = 0
            var echoed = 0
            let block = [UInt8](repeating: 7, count: 16_000)
            // The echo is read as it comes, so that neither window stays closed.
            while echoed < 4_000_000 {
                if sent < 4_000_000 {
                    client.data(1, block, end: sent + block.count >= 4_000_000)
                    sent += block.count
                }
                while sent - echoed > 40_000 || (sent >= 4_000_000 && echoed < sent) {
                    let frame = try client.read(Kind.data)
                    echoed += frame.payload.count
                    guard !frame.payload.isEmpty else { continue }
                    client.send(RawFrame(Kind.windowUpdate, big(UInt32(frame.payload.count))))
                    if !frame.isEndStream {
                        client.send(RawFrame(Kind.windowUpdate, stream: 1, big(UInt32(frame.payload.count))))
                    }
                }
            }
            #expect(echoed == sent)
        }
    }

    /// Before it has acknowledged our SETTINGS a client cannot know the limit (RFC 9113 §5.1.2, §6.5.3).
    @Test func streamsBeyondALimitNotYetKnownAreRefusedAndTheOthersServed() async throws {
        var limits = HTTP2Limits()
        limits.concurrentStreams = 3
        try await withServer(ProbeApplication(), limits: limits) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                client.send(RawConnection.preface + RawFrame(Kind.settings).bytes())
                for stream in stride(from: UInt32(1), through: 5, by: 2) {
                    client.headers(stream, HeaderEncoder.call("/hold"))
                }
                client.headers(7, HeaderEncoder.get("/"), end: true)
                let refusal = try client.read(Kind.resetStream)
                #expect(refusal.stream == 7)
                #expect(refusal.errorCode == HTTP2ErrorCode.refusedStream.rawValue)
                client.send(RawFrame(Kind.settings, flags: Flag.acknowledgement))
                client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
                client.headers(9, HeaderEncoder.get("/"), end: true)
                expectSame(try client.response(9).status, "200")
            }
        }
    }

    @Test func streamsBeyondAKnownLimitEndTheConnection() async throws {
        var limits = HTTP2Limits()
        limits.concurrentStreams = 3
        try await talk(limits: limits) { client in
            for stream in stride(from: UInt32(1), through: 7, by: 2) {
                client.headers(stream, HeaderEncoder.call("/hold"))
            }
            expectSame(try client.goAwayCode(), HTTP2ErrorCode.protocolError.rawValue)
        }
    }

    @Test func manyStreamsShareAConnection() async throws {
        try await talk { client in
            for round in 0..<20 {
                let streams = (0..<100).map { UInt32(round * 200 + $0 * 2 + 1) }
                for stream in streams { client.headers(stream, HeaderEncoder.get("/"), end: true) }
                var ended = 0
                while ended < streams.count {
                    let frame = try client.read()
                    if frame.kind == Kind.headers { expectSame(try client.fields(frame).first?.1, "200") }
                    if frame.isEndStream, frame.kind == Kind.data || frame.kind == Kind.headers { ended += 1 }
                }
            }
        }
    }
}

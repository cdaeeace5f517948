import HTTP2
import HTTP2TestKit
import Testing

/// The effect of each bound of `HTTP2Limits` on a client that exceeds it.
@Suite struct LimitTests {
    private typealias Kind = RawFrame.Kind
    private typealias Flag = RawFrame.Flag

    /// Limits that are checked every 20 milliseconds.
    private static func quick(_ change: (inout HTTP2Limits) -> Void = { _ in }) -> HTTP2Limits {
        var limits = HTTP2Limits()
        limits.timerInterval = .milliseconds(20)
        change(&limits)
        return limits
    }

    private func talk(
        _ limits: HTTP2Limits, handshake: Bool = true, application: any HTTP2Application = ProbeApplication(),
        _ body: @escaping @Sendable (RawConnection) throws -> Void
    ) async throws {
        try await withServer(application, limits: limits) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                if handshake { try client.handshake() }
                try body(client)
            }
        }
    }

    private func expectCalm(_ client: RawConnection) throws {
        expectSame(try client.goAwayCode(), HTTP2ErrorCode.enhanceYourCalm.rawValue)
    }

    @Test(arguments: [
        RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)), RawFrame(Kind.settings),
        RawFrame(Kind.priority, stream: 1, big(0) + [1]), RawFrame(Kind.windowUpdate, big(1)),
    ])
    func framesWithoutWorkAreLimited(_ frame: RawFrame) async throws {
        try await talk(Self.quick { $0.controlFrameBurst = 50 }) { client in
            for _ in 0..<500 { client.send(frame) }
            try expectCalm(client)
        }
    }

    @Test func emptyDataFramesAreLimited() async throws {
        try await talk(Self.quick { $0.controlFrameBurst = 50 }) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            for _ in 0..<500 { client.data(1, []) }
            try expectCalm(client)
        }
    }

    @Test func resetsAreLimited() async throws {
        let limits = Self.quick {
            $0.streamResetBurst = 20
            $0.streamResetsPerSecond = 1
        }
        try await talk(limits) { client in
            for stream in stride(from: UInt32(1), to: 401, by: 2) {
                client.headers(stream, HeaderEncoder.call("/hold"))
                client.send(RawFrame(Kind.resetStream, stream: stream, big(8)))
            }
            let code = try client.goAwayCode()
            #expect(code != nil)
        }
    }

    @Test func continuationFramesAreLimited() async throws {
        try await talk(Self.quick()) { client in
            client.send(RawFrame(Kind.headers, stream: 1, HeaderEncoder.encode(HeaderEncoder.get("/"))))
            for _ in 0..<100 { client.send(RawFrame(Kind.continuation, stream: 1, HeaderEncoder.encode([("a", "b")]))) }
            try expectCalm(client)
        }
    }

    @Test func settingsEntriesAreLimited() async throws {
        try await talk(Self.quick { $0.settingsEntries = 4 }) { client in
            client.send(RawFrame(Kind.settings, (0..<5).flatMap { _ in [0, 3] + big(100) }))
            try expectCalm(client)
        }
    }

    @Test func aHeaderListBeyondItsLimitIsAnswered431() async throws {
        let application = HTTP2RequestApplication { _ in HTTP2Response(status: 200) }
        try await talk(Self.quick { $0.headerListBytes = 2_000 }, application: application) { client in
            client.headers(1, HeaderEncoder.get("/", [("x", String(repeating: "y", count: 3_000))]), end: true)
            expectSame(try client.response(1).status, "431")
            client.headers(3, HeaderEncoder.get("/"), end: true)
            expectSame(try client.response(3).status, "200")
        }
    }

    @Test func aBodyBeyondItsLimitIsAnswered413() async throws {
        let application = HTTP2RequestApplication { _ in HTTP2Response(status: 200) }
        try await talk(Self.quick { $0.requestBodyBytes = 1_000 }, application: application) { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.data(1, [UInt8](repeating: 0, count: 1_001))
            expectSame(try client.response(1).status, "413")
            client.headers(3, HeaderEncoder.call("/", [("content-length", "1001")]))
            expectSame(try client.response(3).status, "413")
        }
    }

    @Test func theRestOfAnAnsweredRequestIsTakenInBounds() async throws {
        let application = HTTP2RequestApplication { _ in HTTP2Response(status: 200) }
        let limits = Self.quick {
            $0.requestBodyBytes = 1_000
            $0.discardedBodyBytes = 40_000
        }
        try await talk(limits, application: application) { client in
            client.headers(1, HeaderEncoder.call("/"))
            for _ in 0..<10 { client.data(1, [UInt8](repeating: 0, count: 10_000)) }
            expectSame(try client.response(1).status, "413")
            let reset = try client.read(Kind.resetStream)
            #expect(reset.errorCode == HTTP2ErrorCode.noError.rawValue)
        }
    }

    @Test func aRequestThatIsNeverCompletedIsAnswered408() async throws {
        let application = HTTP2RequestApplication { _ in HTTP2Response(status: 200) }
        try await talk(Self.quick { $0.requestTimeout = .milliseconds(100) }, application: application) { client in
            client.headers(1, HeaderEncoder.call("/"))
            expectSame(try client.response(1).status, "408")
        }
    }

    @Test func aConnectionThatSaysNothingIsClosed() async throws {
        try await talk(Self.quick { $0.handshakeTimeout = .milliseconds(100) }, handshake: false) { client in
            expectSame(try client.goAwayCode(), HTTP2ErrorCode.settingsTimeout.rawValue)
        }
    }

    @Test func aHeaderBlockThatIsNeverCompletedEndsTheConnection() async throws {
        try await talk(Self.quick { $0.headerBlockTimeout = .milliseconds(100) }) { client in
            client.send(RawFrame(Kind.headers, stream: 1, HeaderEncoder.encode(HeaderEncoder.get("/"))))
            try expectCalm(client)
        }
    }

    @Test func aPeerThatDoesNotAnswerPingsIsDropped() async throws {
        let limits = Self.quick {
            $0.keepaliveInterval = .milliseconds(60)
            $0.keepaliveTimeout = .milliseconds(60)
        }
        try await talk(limits) { client in
            let ping = try client.read(Kind.ping)
            #expect(ping.flags == 0)
            expectSame(try client.goAwayCode(), HTTP2ErrorCode.cancel.rawValue)
        }
    }

    @Test func aPeerThatAnswersPingsStays() async throws {
        let limits = Self.quick {
            $0.keepaliveInterval = .milliseconds(60)
            $0.keepaliveTimeout = .seconds(20)
        }
        try await talk(limits) { client in
            for _ in 0..<5 {
                let ping = try client.read(Kind.ping)
                client.send(RawFrame(Kind.ping, flags: Flag.acknowledgement, ping.payload))
            }
            client.headers(1, HeaderEncoder.get("/"), end: true)
            expectSame(try client.response(1).status, "200")
        }
    }

    @Test func anIdleConnectionIsClosedGracefully() async throws {
        try await talk(Self.quick { $0.idleTimeout = .milliseconds(100) }) { client in
            try expectTwoGoAways(client)
        }
    }

    @Test func anOldConnectionIsClosedGracefully() async throws {
        try await talk(Self.quick { $0.maximumAge = .milliseconds(100) }) { client in
            client.headers(1, HeaderEncoder.call("/"))
            try expectTwoGoAways(client, closing: 1)
        }
    }

    /// Expects a GOAWAY for new streams and, after a round trip, a second one with the last stream that is served; then
    /// the open stream finishes.
    private func expectTwoGoAways(_ client: RawConnection, closing stream: UInt32? = nil) throws {
        let first = try client.read(Kind.goAway)
        expectSame(first.errorCode, 0)
        expectSame(first.lastStream, 0x7fff_ffff)
        let ping = try client.read(Kind.ping)
        client.send(RawFrame(Kind.ping, flags: Flag.acknowledgement, ping.payload))
        let second = try client.read(Kind.goAway)
        expectSame(second.errorCode, 0)
        expectSame(second.lastStream, stream ?? 0)
        if let stream {
            client.data(stream, [42], end: true)
            expectSame(try client.response(stream).body, [42])
        }
        expectSame(try client.goAwayCode(), nil)
    }

    @Test func aDrainEndsThoughAStreamDoesNot() async throws {
        let limits = Self.quick {
            $0.maximumAge = .milliseconds(60)
            $0.goAwayDelay = .milliseconds(60)
            $0.drainTimeout = .milliseconds(100)
        }
        try await talk(limits) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            expectSame(try client.goAwayCode(), 0)
        }
    }

    @Test func connectionsBeyondTheLimitAreClosed() async throws {
        let limits = Self.quick {
            $0.connections = 2
            $0.connectionQuiet = .seconds(3600)
        }
        try await withServer(ProbeApplication(), limits: limits) { port, server in
            try await offPool {
                let clients = try (0..<2).map { _ in try RawConnection(port: port) }
                for client in clients { try client.handshake() }
                let third = try RawConnection(port: port)
                expectSame(try third.readOrEnd(), nil)
                clients[0].shutdown()
                // Until the server has seen the end of the first client, it closes new connections.
                var isServed = false
                while !isServed {
                    let next = try RawConnection(port: port)
                    isServed = try next.isGreeted()
                }
                clients[1].headers(1, HeaderEncoder.get("/"), end: true)
                expectSame(try clients[1].response(1).status, "200")
            }
        }
    }

    @Test func aQuietConnectionIsClosedForANewOne() async throws {
        let limits = Self.quick {
            $0.connections = 2
            $0.connectionQuiet = .zero
        }
        try await withServer(ProbeApplication(), limits: limits) { port, server in
            try await offPool {
                let busy = try RawConnection(port: port)
                try busy.handshake()
                let silent = try RawConnection(port: port)
                let third = try RawConnection(port: port)
                try third.handshake()
                while try silent.readOrEnd() != nil {}
                busy.headers(1, HeaderEncoder.get("/"), end: true)
                expectSame(try busy.response(1).status, "200")
            }
        }
    }

    @Test func aReaderWhoStopsIsDropped() async throws {
        let limits = Self.quick {
            $0.writeStallTimeout = .milliseconds(200)
            $0.socketBufferBytes = 32 * 1024
        }
        let application = HTTP2RequestApplication { _ in
            HTTP2Response(status: 200, body: .bytes([UInt8](repeating: 1, count: 64 * 1024 * 1024)))
        }
        try await withServer(application, limits: limits) { port, server in
            let client = try await offPool {
                let client = try RawConnection(port: port, receiveBufferBytes: 4_096)
                try client.handshake(settings: [0, 4] + big(0x7fff_ffff))
                client.send(RawFrame(Kind.windowUpdate, big(0x7fff_0000)))
                client.headers(1, HeaderEncoder.get("/"), end: true)
                return Unchecked(client)
            }
            await server.waitUntilNoConnections()
            _ = client
        }
    }
}

/// Carries a client from one thread to the next; no two threads use it at once.
private struct Unchecked: @unchecked Sendable {
    let client: RawConnection

    init(_ client: RawConnection) { self.client = client }
}

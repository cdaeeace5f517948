import HTTP2
import HTTP2TestKit
import Testing

/// Each violation of RFC 9113 against a running server: it gets the right error code, and other clients are served.
@Suite struct RFC9113Tests {
    @Test(arguments: Violation.framing + Violation.control + Violation.flow)
    func frames(_ violation: Violation) async throws { try await check(violation) }

    @Test(arguments: Violation.states + Violation.messages)
    func streams(_ violation: Violation) async throws { try await check(violation) }

    @Test(arguments: Violation.compression)
    func headerCompression(_ violation: Violation) async throws { try await check(violation) }

    private func check(_ violation: Violation) async throws {
        try await withServer(ProbeApplication()) { port, _ in
            try await offPool {
                let client = try RawConnection(port: port)
                if violation.handshake { try client.handshake() }
                violation.act(client)
                try Self.expect(violation.answer, from: client)
                // The next client is served.
                let next = try RawConnection(port: port)
                try next.handshake()
                next.headers(1, HeaderEncoder.get("/"), end: true)
                expectSame(try next.response(1).status, "200")
            }
        }
    }

    private static func expect(_ answer: Violation.Answer, from client: RawConnection) throws {
        switch answer {
        case .closed:
            _ = try client.goAwayCode()
        case .connectionError(let codes):
            let code = try client.goAwayCode().map { HTTP2ErrorCode(rawValue: $0) }
            #expect(code.map { codes.contains($0) } == true, "GOAWAY with \(String(describing: code))")
        case .streamError(let codes):
            let frame = try client.read(RawFrame.Kind.resetStream, RawFrame.Kind.goAway)
            let code = try #require(frame.errorCode.map { HTTP2ErrorCode(rawValue: $0) })
            #expect(codes.contains(code), "reset with \(code)")
            if frame.kind == RawFrame.Kind.resetStream { try expectService(from: client, stream: 101) }
        case .ignored:
            try expectService(from: client, stream: 101)
        }
    }

    /// The connection still answers a PING and serves a stream.
    private static func expectService(from client: RawConnection, stream: UInt32) throws {
        let payload: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        client.send(RawFrame(RawFrame.Kind.ping, payload))
        let isAnswer = { (frame: RawFrame) in
            frame.kind == RawFrame.Kind.ping && frame.flags & RawFrame.Flag.acknowledgement != 0
        }
        let answer = try client.read(where: isAnswer)
        #expect(answer.payload == payload)
        client.headers(stream, HeaderEncoder.get("/"), end: true)
        expectSame(try client.response(stream).status, "200")
    }
}

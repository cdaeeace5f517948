import HTTP1
import HTTP2TestKit
import Testing

/// Conversations that are longer than one request.
struct HTTP1ServerTests {
    private static let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"

    @Test func aClientThatWaitsIsToldToContinue() async throws {
        try await withProbe { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                for _ in 0..<2 {
                    client.send(Self.head)
                    expectSame(try client.response().status, 100)
                    client.send("abc")
                    expectSame(try client.response().body, "POST / abc")
                }
            }
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withProbe { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                client.send((0..<500).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
                for number in 0..<500 { expectSame(try client.response().body, "GET /\(number) ") }
                client.send(
                    ConformanceCase.chunked("3\r\nabc\r\n0\r\n\r\n")
                        + "GET /stream HTTP/1.1\r\nHost: x\r\n\r\nX\r\n\r\n")
                expectSame(try client.response().body, "POST / abc")
                expectSame(try client.response().body, "onetwothree")
                expectSame(try client.response().status, 400)
                #expect(try client.isClosed())
            }
        }
    }

    @Test func headHasTheLengthAndNoBody() async throws {
        try await withProbe { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
                expectSame(try client.response(isHead: true).field("content-length"), "8")
                client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n")
                expectSame(try client.response(isHead: true).field("transfer-encoding"), "chunked")
                client.send("HEAD /empty HTTP/1.1\r\nHost: x\r\n\r\n")
                let empty = try client.response(isHead: true)
                expectSame(empty.status, 204)
                expectSame(empty.field("content-length"), nil)
                client.send("HEAD / HTTP/1.1\r\n\r\n")
                expectSame(try client.response(isHead: true).status, 400)
                #expect(try client.isClosed())
            }
        }
    }

    @Test func aStreamOfHTTP10EndsWithTheConnection() async throws {
        try await withProbe { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let response = try client.response()
                expectSame(response.body, "onetwothree")
                expectSame(response.field("connection"), "close")
                expectSame(response.field("transfer-encoding"), nil)
            }
        }
    }

    @Test func aStreamThatFailsHasNoEnd() async throws {
        try await withProbe { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                client.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(throws: RawClient.Failure.self) { try client.response() }
            }
        }
    }

    @Test func aRequestThatDribblesInIsRefusedAndClosed() async throws {
        var limits = HTTP1Limits()
        limits.requestTimeout = .milliseconds(200)
        limits.timerInterval = .milliseconds(20)
        try await withProbe(limits: limits) { port, _ in
            try await offPool {
                for part in ["G", "GET / HTTP/1.1\r\nHost", "\r\n", Self.head + "a", ConformanceCase.chunked("3\r\na")]
                {
                    let client = try RawClient(port: port)
                    client.send(part)
                    var response = try client.response()
                    if response.status == 100 { response = try client.response() }
                    #expect(response.status == 408, "\(part)")
                    #expect(try client.isClosed())
                }
            }
        }
    }

    @Test func aQuietConnectionIsClosedWithoutAWord() async throws {
        var limits = HTTP1Limits()
        limits.idleTimeout = .milliseconds(200)
        limits.timerInterval = .milliseconds(20)
        try await withProbe(limits: limits) { port, _ in
            try await offPool {
                let fresh = try RawClient(port: port)
                let used = try RawClient(port: port)
                used.send(ConformanceCase.get())
                expectSame(try used.response().status, 200)
                #expect(try used.isClosed())
                #expect(try fresh.isClosed())
            }
        }
    }

    @Test func aClientThatLeavesCancelsItsHandler() async throws {
        let application = ProbeApplication()
        try await withProbe(application) { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            }
            var cancellations = application.cancellations.makeAsyncIterator()
            await cancellations.next()
        }
    }

    @Test func aSlowReaderGetsALargeResponseAndTheNextOnes() async throws {
        try await withProbe { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                client.send((0..<8).map { _ in "GET /large HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
                for _ in 0..<8 { expectSame(try client.response().body.utf8.count, 4_000_000) }
            }
        }
    }

    @Test func aStopClosesIdleConnectionsAndFinishesRequests() async throws {
        try await withProbe { port, server in
            let (idle, busy) = try await offPool { () -> (Box, Box) in
                let (idle, busy) = (try RawClient(port: port), try RawClient(port: port))
                idle.send(ConformanceCase.get())
                expectSame(try idle.response().status, 200)
                busy.send(Self.head)
                expectSame(try busy.response().status, 100)
                return (Box(idle), Box(busy))
            }
            async let stopping: Void = server.shutdown()
            try await offPool {
                #expect(try idle.client.isClosed())
                busy.client.send("abc")
                let response = try busy.client.response()
                expectSame(response.body, "POST / abc")
                expectSame(response.field("connection"), "close")
                #expect(try busy.client.isClosed())
            }
            await stopping
        }
    }

    /// Hands a client from one blocking conversation to the next.
    private struct Box: @unchecked Sendable {
        let client: RawClient

        init(_ client: RawClient) {
            self.client = client
        }
    }
}

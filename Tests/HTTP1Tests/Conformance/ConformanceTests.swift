import HTTP1
import HTTP2TestKit
import Testing

/// The table of cases over a real socket.
struct ConformanceTests {
    private static let cases =
        ConformanceCase.line + ConformanceCase.hosts + ConformanceCase.fields + ConformanceCase.connections
        + ConformanceCase.framing + ConformanceCase.chunks

    @Test(arguments: cases)
    func isAnsweredAsTheStandardSays(_ example: ConformanceCase) async throws {
        let application = ProbeApplication()
        try await withProbe(application) { port, _ in
            try await offPool {
                let client = try RawClient(port: port)
                client.send(example.request)
                try Self.check(client, example)
            }
        }
        #expect(application.refusals == (example.status < 300 ? 0 : 1))
    }

    private static func check(_ client: RawClient, _ example: ConformanceCase) throws {
        let response = try client.response()
        expectSame(response.status, example.status)
        if let body = example.body { expectSame(response.body, body) }
        #expect(response.field("date") != nil)
        switch example.connection {
        case .closed:
            expectSame(response.field("connection"), "close")
            #expect(try client.isClosed())
        case .open:
            client.send(ConformanceCase.get("Connection: close"))
            expectSame(try client.response().body, "GET / ")
            #expect(try client.isClosed())
        }
    }

    /// A case that also fails when its bytes come one by one would depend on how the network cuts them.
    @Test func theResponseDoesNotDependOnHowTheBytesCome() async throws {
        try await withProbe { port, _ in
            try await offPool {
                for example in Self.cases where example.request.utf8.count < 400 {
                    let client = try RawClient(port: port)
                    for byte in example.request.utf8 { client.send([byte]) }
                    let response = try client.response()
                    #expect(response.status == example.status, "\(example.testDescription)")
                    if let body = example.body { #expect(response.body == body, "\(example.testDescription)") }
                }
            }
        }
    }

    /// A connection that ends after any byte of a request costs nothing but itself.
    @Test func aConnectionThatIsCutAnywhereHurtsNobody() async throws {
        let application = ProbeApplication()
        try await withProbe(application) { port, _ in
            try await offPool {
                let request = Array(
                    ("PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n").utf8)
                for length in 0..<request.count {
                    let client = try RawClient(port: port)
                    client.send(Array(request[..<length]))
                    client.endOutput()
                    #expect(try client.isClosed(), "after \(length) bytes")
                }
                let client = try RawClient(port: port)
                client.send(request)
                expectSame(try client.response().body, "PUT /a abc")
            }
        }
        #expect(application.refusals == 0)
    }
}

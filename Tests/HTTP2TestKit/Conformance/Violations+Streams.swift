import HTTP2

private typealias Kind = RawFrame.Kind
private typealias Flag = RawFrame.Flag

/// A request that is sent as a raw block.
private func request(_ fields: [(String, String)], end: Bool = true) -> @Sendable (RawConnection) -> Void {
    { $0.headers(1, fields, end: end) }
}

private func block(_ bytes: [UInt8]) -> @Sendable (RawConnection) -> Void {
    { $0.send(RawFrame(Kind.headers, flags: Flag.endHeaders | Flag.endStream, stream: 1, bytes)) }
}

private let valid = HeaderEncoder.encode(HeaderEncoder.get("/"))

extension Violation {
    /// Stream states and identifiers: RFC 9113 §5.1.
    public static let states: [Violation] = [
        Violation("5.1", "DATA on an idle stream", .connectionError([.protocolError])) { $0.data(1, [1]) },
        Violation("5.1", "RST_STREAM on an idle stream", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
        },
        Violation("5.1", "WINDOW_UPDATE on an idle stream", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.windowUpdate, stream: 1, big(100)))
        },
        Violation("5.1", "DATA after END_STREAM", .streamError([.streamClosed])) { client in
            client.headers(1, HeaderEncoder.call("/hold"), end: true)
            client.data(1, [1])
        },
        Violation("5.1", "HEADERS after END_STREAM", .streamError([.streamClosed])) { client in
            client.headers(1, HeaderEncoder.call("/hold"), end: true)
            client.headers(1, [("a", "b")], end: true)
        },
        Violation("5.1", "HEADERS on a reset stream", .connectionError([.streamClosed, .protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
            client.headers(1, HeaderEncoder.call("/hold"), end: true)
        },
        Violation("5.1", "frames in flight on a stream that was reset", .ignored) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(100)))
        },
        Violation("5.1", "DATA on a reset stream", .connectionError([.streamClosed])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(RawFrame(Kind.resetStream, stream: 1, big(8)))
            client.data(1, [1])
        },
        Violation("5.1", "DATA on a stream that both ended", .connectionError([.streamClosed])) { client in
            client.headers(1, HeaderEncoder.get("/"), end: true)
            _ = try? client.response(1)
            client.data(1, [1])
        },
        Violation("5.1", "HEADERS on a stream that both ended", .connectionError([.streamClosed])) { client in
            client.headers(1, HeaderEncoder.get("/"), end: true)
            _ = try? client.response(1)
            client.headers(1, HeaderEncoder.get("/"), end: true)
        },
        Violation("5.1", "DATA that crossed our reset", .ignored) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(0x7fff_ffff)))
            _ = try? client.read(Kind.resetStream)
            client.data(1, [1])
            client.headers(1, [("a", "b")], end: true)
        },
        Violation("5.1.1", "an even stream identifier", .connectionError([.protocolError])) {
            $0.headers(2, HeaderEncoder.get("/"), end: true)
        },
        Violation("5.1.1", "a smaller stream identifier", .connectionError([.protocolError, .streamClosed])) { client in
            client.headers(5, HeaderEncoder.call("/hold"))
            client.headers(3, HeaderEncoder.call("/hold"))
        },
    ]

    /// HTTP semantics: RFC 9113 §8.
    public static let messages: [Violation] = [
        Violation("8.1", "a second HEADERS without END_STREAM", .streamError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.headers(1, [("a", "b")])
        },
        Violation("8.1", "a pseudo-header field in trailers", .streamError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.headers(1, [(":method", "POST")], end: true)
        },
        Violation("8.1.1", "less content than its length", .streamError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/hold", [("content-length", "2")]))
            client.data(1, [1], end: true)
        },
        Violation("8.1.1", "more content than its length", .streamError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/hold", [("content-length", "1")]))
            client.data(1, [1, 2], end: true)
        },
        Violation(
            "8.2.1", "an upper-case field name", .streamError([.protocolError]),
            request(HeaderEncoder.get("/", [("X-Test", "a")]))),
        Violation(
            "8.2.1", "a field name with a space", .streamError([.protocolError]),
            request(HeaderEncoder.get("/", [("x y", "a")]))),
        Violation(
            "8.2.1", "a field value with a line break", .streamError([.protocolError]),
            request(HeaderEncoder.get("/", [("x", "a\nb")]))),
        Violation(
            "8.2.2", "a connection field", .streamError([.protocolError]),
            request(HeaderEncoder.get("/", [("connection", "keep-alive")]))),
        Violation(
            "8.2.2", "te other than trailers", .streamError([.protocolError]),
            request(HeaderEncoder.get("/", [("te", "gzip")]))),
        Violation(
            "8.3", "an unknown pseudo-header field", .streamError([.protocolError]),
            request([(":test", "a")] + HeaderEncoder.get("/"))),
        Violation(
            "8.3", "a response pseudo-header field", .streamError([.protocolError]),
            request([(":status", "200")] + HeaderEncoder.get("/"))),
        Violation(
            "8.3", "a pseudo-header field after others", .streamError([.protocolError]),
            request([("a", "b")] + HeaderEncoder.get("/"))),
        Violation(
            "8.3.1", "a method twice", .streamError([.protocolError]),
            request([(":method", "GET")] + HeaderEncoder.get("/"))),
        Violation(
            "8.3.1", "a path twice", .streamError([.protocolError]),
            request([(":path", "/")] + HeaderEncoder.get("/"))),
        Violation(
            "8.3.1", "no method", .streamError([.protocolError]),
            request(HeaderEncoder.get("/").filter { $0.0 != ":method" })),
        Violation(
            "8.3.1", "no scheme", .streamError([.protocolError]),
            request(HeaderEncoder.get("/").filter { $0.0 != ":scheme" })),
        Violation(
            "8.3.1", "no path", .streamError([.protocolError]),
            request(HeaderEncoder.get("/").filter { $0.0 != ":path" })),
        Violation("8.3.1", "an empty path", .streamError([.protocolError]), request(HeaderEncoder.get(""))),
    ]

    /// Header compression: RFC 7541, and RFC 9113 §4.3.
    public static let compression: [Violation] = [
        Violation(
            "hpack 2.3.3", "an index beyond both tables", .connectionError([.compressionError]),
            block([0xff, 0x7f] + valid)),
        Violation("hpack 6.1", "index 0", .connectionError([.compressionError]), block([0x80] + valid)),
        Violation(
            "hpack 4.2", "a table size update after fields", .connectionError([.compressionError]),
            block(valid + [0x20])),
        Violation(
            "hpack 6.3", "a table size beyond the limit", .connectionError([.compressionError]),
            block([0x3f, 0xe2, 0x1f] + valid)),
        Violation(
            "hpack 5.2", "Huffman padding of more than 7 bits", .connectionError([.compressionError]),
            block(valid + [0x00, 0x81, 0xff, 0x01, 0x61])),
        Violation(
            "hpack 5.2", "Huffman padding that is not EOS", .connectionError([.compressionError]),
            block(valid + [0x00, 0x81, 0x18, 0x01, 0x61])),
        Violation(
            "hpack 5.2", "the EOS symbol", .connectionError([.compressionError]),
            block(valid + [0x00, 0x84, 0xff, 0xff, 0xff, 0xfc, 0x01, 0x61])),
        Violation(
            "hpack 5.1", "an integer that overflows", .connectionError([.compressionError]),
            block(valid + [0x00, 0x7f] + [UInt8](repeating: 0xff, count: 10) + [0x01])),
        Violation(
            "4.3", "a truncated field", .connectionError([.compressionError]), block(valid + [0x00, 0x05, 0x61])),
    ]
}

import HTTP2

private typealias Kind = RawFrame.Kind
private typealias Flag = RawFrame.Flag

private func setting(_ id: UInt16, _ value: UInt32) -> [UInt8] { [UInt8(id >> 8), UInt8(id & 255)] + big(value) }

private let get = HeaderEncoder.encode(HeaderEncoder.get("/"))

extension Violation {
    /// Connection preface, frame format and sizes: RFC 9113 §3, §4.
    public static let framing: [Violation] = [
        Violation("3.4", "a preface that is not one", .closed, handshake: false) { client in
            client.send(Array("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8))
        },
        Violation("3.4", "a first frame that is not SETTINGS", .connectionError([.protocolError]), handshake: false) {
            client in
            client.send(RawConnection.preface + RawFrame(Kind.ping, [UInt8](repeating: 0, count: 8)).bytes())
        },
        Violation("4.1", "a frame of unknown type", .ignored) {
            $0.send(RawFrame(0xbe, flags: 0xff, stream: 0, [1, 2, 3]))
        },
        Violation("4.1", "undefined flags", .ignored) {
            $0.send(RawFrame(Kind.windowUpdate, flags: 0xff, stream: 0, big(1)))
        },
        Violation("4.1", "the reserved bit", .ignored) {
            $0.send(RawFrame(Kind.windowUpdate, stream: 0x8000_0000, big(1)))
        },
        Violation("4.2", "DATA beyond SETTINGS_MAX_FRAME_SIZE", .connectionError([.frameSizeError])) { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.data(1, [UInt8](repeating: 0, count: 16_385))
        },
        Violation("4.2", "HEADERS beyond SETTINGS_MAX_FRAME_SIZE", .connectionError([.frameSizeError])) { client in
            client.headers(1, HeaderEncoder.get("/", [("x", String(repeating: "y", count: 16_400))]))
        },
        Violation("4.3", "another frame inside a header block", .connectionError([.protocolError])) { client in
            client.send(RawFrame(Kind.headers, flags: Flag.endStream, stream: 1, get))
            client.send(RawFrame(Kind.priority, stream: 1, big(0) + [1]))
        },
        Violation("4.3", "another stream's HEADERS inside a header block", .connectionError([.protocolError])) {
            client in
            client.send(RawFrame(Kind.headers, flags: Flag.endStream, stream: 1, get))
            client.headers(3, HeaderEncoder.get("/"), end: true)
        },
        Violation("6.1", "DATA on stream 0", .connectionError([.protocolError])) { $0.data(0, [1]) },
        Violation("6.1", "padding as long as the payload", .connectionError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.send(RawFrame(Kind.data, flags: Flag.padded, stream: 1, [4, 0, 0, 0]))
        },
        Violation("6.2", "HEADERS on stream 0", .connectionError([.protocolError])) {
            $0.headers(0, HeaderEncoder.get("/"), end: true)
        },
        Violation(
            "6.2", "HEADERS with padding as long as the payload", .connectionError([.protocolError, .frameSizeError])
        ) {
            $0.send(
                RawFrame(Kind.headers, flags: Flag.padded | Flag.endHeaders | Flag.endStream, stream: 1, [255] + get))
        },
        Violation("6.3", "PRIORITY on stream 0", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.priority, stream: 0, big(0) + [1]))
        },
        Violation("6.3", "PRIORITY of the wrong size", .connectionError([.frameSizeError])) {
            $0.send(RawFrame(Kind.priority, stream: 1, big(0)))
        },
        Violation("6.4", "RST_STREAM on stream 0", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.resetStream, stream: 0, big(8)))
        },
        Violation("6.4", "RST_STREAM of the wrong size", .connectionError([.frameSizeError])) { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.send(RawFrame(Kind.resetStream, stream: 1, [0, 0, 8]))
        },
    ]

    /// SETTINGS, PUSH_PROMISE, PING, GOAWAY: RFC 9113 §6.5–6.8.
    public static let control: [Violation] = [
        Violation("6.5", "SETTINGS with ACK and a payload", .connectionError([.frameSizeError])) {
            $0.send(RawFrame(Kind.settings, flags: Flag.acknowledgement, setting(1, 1)))
        },
        Violation("6.5", "SETTINGS on a stream", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.settings, stream: 1, setting(1, 1)))
        },
        Violation("6.5", "SETTINGS of the wrong size", .connectionError([.frameSizeError])) {
            $0.send(RawFrame(Kind.settings, [0, 3, 0]))
        },
        Violation("6.5.2", "ENABLE_PUSH of 2", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.settings, setting(2, 2)))
        },
        Violation("6.5.2", "INITIAL_WINDOW_SIZE beyond 2^31-1", .connectionError([.flowControlError])) {
            $0.send(RawFrame(Kind.settings, setting(4, 0x8000_0000)))
        },
        Violation("6.5.2", "MAX_FRAME_SIZE below 16,384", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.settings, setting(5, 16_383)))
        },
        Violation("6.5.2", "MAX_FRAME_SIZE beyond 2^24-1", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.settings, setting(5, 1 << 24)))
        },
        Violation("6.5.2", "an unknown setting", .ignored) { $0.send(RawFrame(Kind.settings, setting(0xff, 7))) },
        Violation("6.6", "PUSH_PROMISE from a client", .connectionError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/"))
            client.send(RawFrame(Kind.pushPromise, flags: Flag.endHeaders, stream: 1, big(2) + get))
        },
        Violation("6.7", "a PING answer that nobody asked for", .ignored) {
            $0.send(RawFrame(Kind.ping, flags: Flag.acknowledgement, [UInt8](repeating: 9, count: 8)))
        },
        Violation("6.7", "PING on a stream", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.ping, stream: 1, [UInt8](repeating: 0, count: 8)))
        },
        Violation("6.7", "PING of the wrong size", .connectionError([.frameSizeError])) {
            $0.send(RawFrame(Kind.ping, [1, 2, 3]))
        },
        Violation("6.8", "GOAWAY on a stream", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.goAway, stream: 1, big(0) + big(0)))
        },
    ]

    /// WINDOW_UPDATE and CONTINUATION: RFC 9113 §6.9, §6.10.
    public static let flow: [Violation] = [
        Violation("6.9", "a connection window grown by 0", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.windowUpdate, big(0)))
        },
        Violation("6.9", "a stream window grown by 0", .streamError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(0)))
        },
        Violation("6.9", "WINDOW_UPDATE of the wrong size", .connectionError([.frameSizeError])) {
            $0.send(RawFrame(Kind.windowUpdate, [0, 0, 1]))
        },
        Violation("6.9.1", "a connection window beyond 2^31-1", .connectionError([.flowControlError])) { client in
            client.send(RawFrame(Kind.windowUpdate, big(0x7fff_ffff)))
            client.send(RawFrame(Kind.windowUpdate, big(0x7fff_ffff)))
        },
        Violation("6.9.1", "a stream window beyond 2^31-1", .streamError([.flowControlError])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(0x7fff_ffff)))
        },
        Violation("6.9.1", "more DATA than the stream's window", .streamError([.flowControlError])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            for _ in 0...16 { client.data(1, [UInt8](repeating: 0, count: 16_384)) }
        },
        Violation(
            "6.9.2", "an initial window that makes a stream's window overflow", .connectionError([.flowControlError])
        ) {
            client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(RawFrame(Kind.windowUpdate, stream: 1, big(0x7fff_0000)))
            client.send(RawFrame(Kind.settings, setting(4, 0x7fff_ffff)))
        },
        Violation("6.10", "CONTINUATION after a complete header block", .connectionError([.protocolError])) { client in
            client.headers(1, HeaderEncoder.call("/hold"))
            client.send(
                RawFrame(Kind.continuation, flags: Flag.endHeaders, stream: 1, HeaderEncoder.encode([("a", "b")])))
        },
        Violation("6.10", "CONTINUATION on stream 0", .connectionError([.protocolError])) { client in
            client.send(RawFrame(Kind.headers, flags: Flag.endStream, stream: 1, get))
            client.send(
                RawFrame(Kind.continuation, flags: Flag.endHeaders, stream: 0, HeaderEncoder.encode([("a", "b")])))
        },
        Violation("6.10", "DATA inside a header block", .connectionError([.protocolError])) { client in
            client.send(RawFrame(Kind.headers, stream: 1, get))
            client.data(1, [1])
        },
        Violation("6.10", "CONTINUATION first", .connectionError([.protocolError])) {
            $0.send(RawFrame(Kind.continuation, flags: Flag.endHeaders, stream: 1, get))
        },
    ]
}

/// The frames of a unary gRPC call, from the client's side.
enum HTTP2Frames {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
    }
    private static let endStream: UInt8 = 1
    private static let acknowledged: UInt8 = 1
    private static let endHeaders: UInt8 = 4
    /// Added to the connection's window at its start: more than a drill's answers have.
    private static let window: UInt32 = 1 << 30

    static func connect(_ port: Int) throws -> TCPStream {
        let stream = try TCPStream(port: port)
        try stream.send(preface + frame(Kind.settings, 0, 0, []) + frame(Kind.windowUpdate, 0, 0, bytes(window)))
        return stream
    }

    private static func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        Array(bytes(UInt32(payload.count)).dropFirst()) + [kind, flags] + bytes(stream) + payload
    }

    private static func bytes(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

    /// HEADERS with literal names and values, which need no table, and DATA with one message.
    static func request(_ path: String, _ message: [UInt8], _ stream: UInt32) -> [UInt8] {
        let fields = [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "drill"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ]
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            block += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return frame(Kind.headers, endHeaders, stream, block)
            + frame(Kind.data, endStream, stream, [0] + bytes(UInt32(message.count)) + message)
    }

    /// Reads frames up to the end of the stream; the message, or nil without one.
    ///
    /// - Throws: ``DrillError`` when the stream or the connection ends otherwise: the outcome is unknown.
    static func answer(_ stream: TCPStream, _ number: UInt32, _ deadline: ContinuousClock.Instant) throws -> [UInt8]? {
        var data: [UInt8] = []
        while true {
            let head = try stream.read(9, until: deadline)
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let (kind, flags) = (head[3], head[4])
            let owner = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
            let payload = try stream.read(length, until: deadline)
            switch kind {
            case Kind.settings where flags & acknowledged == 0:
                try stream.send(frame(Kind.settings, acknowledged, 0, []))
            case Kind.ping where flags & acknowledged == 0:
                try stream.send(frame(Kind.ping, acknowledged, 0, payload))
            case Kind.goAway: throw DrillError("the server ends the connection")
            case Kind.reset where owner == number: throw DrillError("the server reset the stream")
            case Kind.data where owner == number: data += payload
            default: break
            }
            guard owner == number, kind == Kind.data || kind == Kind.headers, flags & endStream != 0 else { continue }
            return data.count > 5 ? Array(data[5...]) : nil
        }
    }
}

import Glibc

/// A blocking HTTP/2 client that sends any bytes, also those that break the protocol. Use it inside `offPool`.
public final class RawConnection {
    private let descriptor: Int32
    private var input: [UInt8] = []
    private let decoder = HeaderDecoder()

    /// The first bytes of a client (RFC 9113 §3.4).
    public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// How long any answer may take; long, for a busy machine.
    private static let patienceMilliseconds: Int32 = 20_000

    /// Connects to a local port; `receiveBufferBytes` makes a slow reader.
    public init(port: Int, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var bytes = receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw RawConnectionError("cannot connect: errno \(errno)") }
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { Glibc.close(descriptor) }

    /// Ends both directions, as a client that dies.
    public func shutdown() { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }

    // MARK: - Sending

    /// Sends bytes. A connection that the server has closed is no error here, but in the next read.
    public func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Sends frames in one piece.
    public func send(_ frames: RawFrame...) { send(frames.flatMap { $0.bytes() }) }

    /// Exchanges preface and SETTINGS; `settings` is the payload of ours. Returns when both sides have acknowledged.
    public func handshake(settings: [UInt8] = []) throws {
        send(Self.preface + RawFrame(RawFrame.Kind.settings, settings).bytes())
        var isAcknowledged = false
        var isKnown = false
        while !(isAcknowledged && isKnown) {
            let frame = try read()
            guard frame.kind == RawFrame.Kind.settings else { continue }
            if frame.flags & RawFrame.Flag.acknowledgement != 0 {
                isAcknowledged = true
            } else {
                isKnown = true
                send(RawFrame(RawFrame.Kind.settings, flags: RawFrame.Flag.acknowledgement))
            }
        }
    }

    /// Sends a HEADERS frame that is a whole block.
    public func headers(_ stream: UInt32, _ fields: [(String, String)], end: Bool = false) {
        let flags = RawFrame.Flag.endHeaders | (end ? RawFrame.Flag.endStream : 0)
        send(RawFrame(RawFrame.Kind.headers, flags: flags, stream: stream, HeaderEncoder.encode(fields)))
    }

    /// Sends a DATA frame.
    public func data(_ stream: UInt32, _ bytes: [UInt8], end: Bool = false) {
        send(RawFrame(RawFrame.Kind.data, flags: end ? RawFrame.Flag.endStream : 0, stream: stream, bytes))
    }

    // MARK: - Receiving

    /// The next frame. Throws when the connection ends instead, or when no frame comes in time.
    public func read() throws -> RawFrame {
        guard let frame = try readOrEnd() else { throw RawConnectionError("the server closed the connection") }
        return frame
    }

    /// The next frame, nil at the end of the connection.
    public func readOrEnd() throws -> RawFrame? {
        while true {
            if let frame = takeFrame() { return frame }
            guard try fill() else { return nil }
        }
    }

    /// The next frame that is wanted. Other frames are dropped; their header blocks are decoded, so that HPACK's table
    /// stays right.
    public func read(where isWanted: (RawFrame) -> Bool) throws -> RawFrame {
        while true {
            let frame = try read()
            if isWanted(frame) { return frame }
            if frame.kind == RawFrame.Kind.headers { _ = try fields(frame) }
        }
    }

    /// The next frame of one of these kinds.
    public func read(_ kinds: UInt8...) throws -> RawFrame {
        try read { kinds.contains($0.kind) }
    }

    /// The fields of a HEADERS frame that is a whole block.
    public func fields(_ frame: RawFrame) throws -> [(String, String)] {
        try decoder.decode(frame.payload)
    }

    /// Reads until the server closes the connection. Returns the code of its last GOAWAY; nil without one.
    public func goAwayCode() throws -> UInt32? {
        var code: UInt32?
        while let frame = try readOrEnd() {
            if frame.kind == RawFrame.Kind.goAway { code = frame.errorCode }
        }
        return code
    }

    /// Reads one stream until it ends: a response, its trailers, or a reset. Frames of other streams are dropped.
    public func response(_ stream: UInt32) throws -> RawResponse {
        var response = RawResponse()
        while true {
            let frame = try read()
            guard frame.stream == stream else {
                if frame.kind == RawFrame.Kind.headers { _ = try fields(frame) }
                continue
            }
            switch frame.kind {
            case RawFrame.Kind.headers: response.blocks.append(try fields(frame))
            case RawFrame.Kind.data:
                response.body += frame.payload
                if !frame.payload.isEmpty {
                    let increment = big(UInt32(frame.payload.count))
                    send(RawFrame(RawFrame.Kind.windowUpdate, increment))
                    if !frame.isEndStream { send(RawFrame(RawFrame.Kind.windowUpdate, stream: stream, increment)) }
                }
            case RawFrame.Kind.resetStream: return response
            default: continue
            }
            if frame.isEndStream { return response }
        }
    }

    private func takeFrame() -> RawFrame? {
        guard input.count >= 9 else { return nil }
        let length = Int(input[0]) << 16 | Int(input[1]) << 8 | Int(input[2])
        guard input.count >= 9 + length else { return nil }
        let stream = input[5..<9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let frame = RawFrame(input[3], flags: input[4], stream: stream, Array(input[9..<9 + length]))
        input.removeFirst(9 + length)
        return frame
    }

    /// Waits for bytes and reads them; false at the end of the connection.
    private func fill() throws -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, Self.patienceMilliseconds) > 0 else { throw RawConnectionError("the server is silent") }
        var block = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &block, block.count, 0)
        guard count > 0 else { return false }
        input += block[..<count]
        return true
    }
}

extension RawConnection {
    /// Whether the server serves this connection: its SETTINGS come.
    public func isGreeted() throws -> Bool {
        send(Self.preface + RawFrame(RawFrame.Kind.settings).bytes())
        return try readOrEnd() != nil
    }
}

extension RawConnection {
    /// The bytes that a conversation sends, without a server: every read in it finds the connection closed.
    public static func recording(_ conversation: (RawConnection) -> Void) throws -> [UInt8] {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw RawConnectionError("no socket pair: errno \(errno)")
        }
        defer { Glibc.close(ends[1]) }
        var bytes: Int32 = 4 << 20
        setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        Glibc.shutdown(ends[1], Int32(SHUT_WR))
        conversation(RawConnection(descriptor: ends[0]))
        Glibc.shutdown(ends[1], Int32(SHUT_WR))
        var recorded: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(ends[1], &block, block.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return recorded }
            recorded += block[..<count]
        }
    }
}

/// The failure of a raw client: no connection, no answer, or an end before the answer.
public struct RawConnectionError: Error, CustomStringConvertible {
    /// One sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// An HTTP/2 frame as it is on the wire.
public struct RawFrame: Equatable, Sendable {
    /// The types of RFC 9113 §6.
    public enum Kind {
        /// DATA, §6.1.
        public static let data: UInt8 = 0
        /// HEADERS, §6.2.
        public static let headers: UInt8 = 1
        /// PRIORITY, §6.3.
        public static let priority: UInt8 = 2
        /// RST_STREAM, §6.4.
        public static let resetStream: UInt8 = 3
        /// SETTINGS, §6.5.
        public static let settings: UInt8 = 4
        /// PUSH_PROMISE, §6.6.
        public static let pushPromise: UInt8 = 5
        /// PING, §6.7.
        public static let ping: UInt8 = 6
        /// GOAWAY, §6.8.
        public static let goAway: UInt8 = 7
        /// WINDOW_UPDATE, §6.9.
        public static let windowUpdate: UInt8 = 8
        /// CONTINUATION, §6.10.
        public static let continuation: UInt8 = 9
    }

    /// The flags of RFC 9113 §6.
    public enum Flag {
        /// END_STREAM: the last frame of its sender on the stream.
        public static let endStream: UInt8 = 0x1
        /// ACK of PING and SETTINGS.
        public static let acknowledgement: UInt8 = 0x1
        /// END_HEADERS: no CONTINUATION follows.
        public static let endHeaders: UInt8 = 0x4
        /// PADDED: the first byte of the payload is the length of the padding.
        public static let padded: UInt8 = 0x8
        /// PRIORITY: HEADERS begin with five bytes of priority.
        public static let priority: UInt8 = 0x20
    }

    /// A type of `Kind`, or any other.
    public var kind: UInt8
    /// Flags of `Flag`, or any others.
    public var flags: UInt8
    /// The stream identifier with the reserved bit.
    public var stream: UInt32
    /// The bytes after the nine of the frame header.
    public var payload: [UInt8]

    /// A frame of any type, valid or not.
    public init(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    /// The frame's bytes; `length` replaces the length of the payload in the frame header.
    public func bytes(length: Int? = nil) -> [UInt8] {
        let length = length ?? payload.count
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), kind, flags] + big(stream)
            + payload
    }

    /// Whether the flag END_STREAM is set; has a meaning for DATA and HEADERS only.
    public var isEndStream: Bool { flags & Flag.endStream != 0 }

    /// The error code of RST_STREAM or GOAWAY; nil for other frames.
    public var errorCode: UInt32? {
        switch kind {
        case Kind.resetStream where payload.count == 4: number(payload[0..<4])
        case Kind.goAway where payload.count >= 8: number(payload[4..<8])
        default: nil
        }
    }

    /// The last stream of a GOAWAY; nil for other frames.
    public var lastStream: UInt32? {
        kind == Kind.goAway && payload.count >= 8 ? number(payload[0..<4]) & 0x7fff_ffff : nil
    }
}

/// Four bytes, most significant first.
public func big(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
}

private func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
}

/// The response on one stream.
public struct RawResponse {
    /// Header blocks in order: informational ones, the head, the trailers.
    public var blocks: [[(String, String)]] = []
    /// The payloads of its DATA frames.
    public var body: [UInt8] = []

    /// The first value of a field, in any block, the last block first.
    public subscript(_ name: String) -> String? {
        for block in blocks.reversed() {
            for field in block where field.0 == name { return field.1 }
        }
        return nil
    }

    /// The HTTP status.
    public var status: String? { self[":status"] }
}

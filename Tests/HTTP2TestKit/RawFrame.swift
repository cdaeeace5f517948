/// An HTTP/2 frame as it is on the wire.
public struct RawFrame: Equatable, Sendable {
    public enum Kind {
        public static let data: UInt8 = 0
        public static let headers: UInt8 = 1
        public static let priority: UInt8 = 2
        public static let resetStream: UInt8 = 3
        public static let settings: UInt8 = 4
        public static let pushPromise: UInt8 = 5
        public static let ping: UInt8 = 6
        public static let goAway: UInt8 = 7
        public static let windowUpdate: UInt8 = 8
        public static let continuation: UInt8 = 9
    }

    public enum Flag {
        public static let endStream: UInt8 = 0x1
        public static let acknowledgement: UInt8 = 0x1
        public static let endHeaders: UInt8 = 0x4
        public static let padded: UInt8 = 0x8
        public static let priority: UInt8 = 0x20
    }

    public var kind: UInt8
    public var flags: UInt8
    public var stream: UInt32
    public var payload: [UInt8]

    public init(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    /// The frame's bytes; `length` pretends another payload length.
    public func bytes(length: Int? = nil) -> [UInt8] {
        let length = length ?? payload.count
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), kind, flags] + big(stream)
            + payload
    }

    public var isEndStream: Bool { flags & Flag.endStream != 0 }

    /// The error code of RST_STREAM or GOAWAY.
    public var errorCode: UInt32? {
        switch kind {
        case Kind.resetStream where payload.count == 4: number(payload[0..<4])
        case Kind.goAway where payload.count >= 8: number(payload[4..<8])
        default: nil
        }
    }

    /// The last stream of a GOAWAY.
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

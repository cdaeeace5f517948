/// An error of this module. Its text is safe to log: it holds file names and addresses, but no bytes of a peer.
public struct HTTP2Error: Error, CustomStringConvertible, Sendable {
    /// The kind of an error. A later version may add kinds, so a `switch` needs a default.
    public struct Code: Hashable, Sendable {
        let name: String

        /// libnghttp2 did not make a session: no memory, or a limit that it does not accept.
        public static let session = Code(name: "session")
        /// The listening socket was not opened.
        public static let bind = Code(name: "bind")
        /// A certificate, a private key or a trust root was not loaded.
        public static let tls = Code(name: "tls")
        /// The connection is refused because the server is full or is stopping.
        public static let closed = Code(name: "closed")
    }

    /// The kind, for programs.
    public let code: Code
    /// What failed, for people: one line, with the address or the files concerned.
    public let message: String
    /// The error of the layer below: of the socket or of the TLS library.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Kind, message and cause in one line.
    public var description: String {
        if let cause { return "http2 \(code.name): \(message) (\(cause))" }
        return "http2 \(code.name): \(message)"
    }
}

/// An error code of RFC 9113 §7, carried by RST_STREAM and GOAWAY. Peers may send other numbers.
public struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32

    /// Takes any number, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The stream or the connection ends without an error.
    public static let noError = HTTP2ErrorCode(rawValue: 0x0)
    /// The peer broke a rule that has no code of its own.
    public static let protocolError = HTTP2ErrorCode(rawValue: 0x1)
    /// The sender of the code failed.
    public static let internalError = HTTP2ErrorCode(rawValue: 0x2)
    /// The peer sent more than a window allows, or made a window larger than 2^31-1.
    public static let flowControlError = HTTP2ErrorCode(rawValue: 0x3)
    /// SETTINGS were not sent or not acknowledged in time.
    public static let settingsTimeout = HTTP2ErrorCode(rawValue: 0x4)
    /// A frame came for a stream that the peer had ended before.
    public static let streamClosed = HTTP2ErrorCode(rawValue: 0x5)
    /// A frame has a size that its type or SETTINGS_MAX_FRAME_SIZE forbids.
    public static let frameSizeError = HTTP2ErrorCode(rawValue: 0x6)
    /// The stream was refused before anything was processed: the client may send the request again.
    public static let refusedStream = HTTP2ErrorCode(rawValue: 0x7)
    /// The sender of the code no longer needs the stream.
    public static let cancel = HTTP2ErrorCode(rawValue: 0x8)
    /// A header block cannot be decompressed; the connection cannot be used any more.
    public static let compressionError = HTTP2ErrorCode(rawValue: 0x9)
    /// The connection behind a CONNECT request was closed.
    public static let connectError = HTTP2ErrorCode(rawValue: 0xa)
    /// The peer sends more than the server's limits allow.
    public static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 0xb)
    /// The TLS connection is weaker than RFC 9113 §9.2 demands.
    public static let inadequateSecurity = HTTP2ErrorCode(rawValue: 0xc)
    /// The request must be sent over HTTP/1.1.
    public static let http11Required = HTTP2ErrorCode(rawValue: 0xd)
}

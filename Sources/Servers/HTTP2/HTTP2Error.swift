/// An error of this module; its text is safe to log.
public struct HTTP2Error: Error, CustomStringConvertible, Sendable {
    /// What kind of thing went wrong; more kinds may be added.
    public struct Code: Hashable, Sendable {
        let name: String

        /// libnghttp2 refused to make a session (out of memory, or an impossible setting).
        public static let session = Code(name: "session")
        /// The listening socket could not be opened.
        public static let bind = Code(name: "bind")
        /// A certificate, a key or a trust root could not be loaded.
        public static let tls = Code(name: "tls")
        /// The stream or its connection is gone.
        public static let closed = Code(name: "closed")
    }

    public let code: Code
    public let message: String
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        if let cause { return "http2 \(code.name): \(message) (\(cause))" }
        return "http2 \(code.name): \(message)"
    }
}

public import HTTP2
public import Testing

/// One thing that a client may do, and the answer that RFC 9113 demands from the server.
public struct Violation: Sendable, CustomTestStringConvertible {
    /// The answer of the server.
    public enum Answer: Sendable {
        /// GOAWAY with one of these codes, then the end of the connection.
        case connectionError([HTTP2ErrorCode])
        /// RST_STREAM with one of these codes (or, as RFC 9113 §5.4.2 allows, GOAWAY); other streams go on.
        case streamError([HTTP2ErrorCode])
        /// Nothing: the connection works as before.
        case ignored
        /// The connection ends, with or without a GOAWAY.
        case closed
    }

    /// The section of RFC 9113, such as `6.5.2`.
    public let section: String
    /// The behaviour of the client, in a few words.
    public let what: String
    /// The answer that the section demands.
    public let answer: Answer
    /// Whether preface and SETTINGS are exchanged before.
    public var handshake = true
    /// The conversation of the client.
    public let act: @Sendable (RawConnection) -> Void

    /// A violation of `section`; `act` is called with a connected client.
    public init(
        _ section: String, _ what: String, _ answer: Answer, handshake: Bool = true,
        _ act: @escaping @Sendable (RawConnection) -> Void
    ) {
        self.section = section
        self.what = what
        self.answer = answer
        self.handshake = handshake
        self.act = act
    }

    /// The name of the test.
    public var testDescription: String { "§\(section) \(what)" }
}

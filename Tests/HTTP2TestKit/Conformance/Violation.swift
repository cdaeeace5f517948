public import HTTP2
public import Testing

/// One thing a client may do, and what RFC 9113 has the server do about it.
public struct Violation: Sendable, CustomTestStringConvertible {
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

    public let section: String
    public let what: String
    public let answer: Answer
    /// Whether preface and SETTINGS are exchanged before.
    public var handshake = true
    public let act: @Sendable (RawConnection) -> Void

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

    public var testDescription: String { "§\(section) \(what)" }
}

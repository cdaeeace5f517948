import HTTP2
import HTTP2TestKit
import Testing

/// One thing a client may do, and what RFC 9113 has the server do about it.
struct Violation: Sendable, CustomTestStringConvertible {
    enum Answer: Sendable {
        /// GOAWAY with one of these codes, then the end of the connection.
        case connectionError([HTTP2ErrorCode])
        /// RST_STREAM with one of these codes (or, as RFC 9113 §5.4.2 allows, GOAWAY); other streams go on.
        case streamError([HTTP2ErrorCode])
        /// Nothing: the connection works as before.
        case ignored
        /// The connection ends, with or without a GOAWAY.
        case closed
    }

    let section: String
    let what: String
    let answer: Answer
    /// Whether preface and SETTINGS are exchanged before.
    var handshake = true
    let act: @Sendable (RawConnection) -> Void

    init(
        _ section: String, _ what: String, _ answer: Answer, handshake: Bool = true,
        _ act: @escaping @Sendable (RawConnection) -> Void
    ) {
        self.section = section
        self.what = what
        self.answer = answer
        self.handshake = handshake
        self.act = act
    }

    var testDescription: String { "§\(section) \(what)" }
}

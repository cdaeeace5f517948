import HTTP2

/// What the fields of a request head say about the message itself: its host, its body and its connection.
///
/// ``add(_:)`` takes one line after the other, ``finish(_:)`` judges all of them.
struct HeadFields {
    /// The body that follows the head (RFC 9112 §6.3).
    enum Body: Equatable {
        case none
        /// At least 1.
        case length(Int)
        case chunked
    }

    /// The judgement of a head.
    struct Framing: Equatable {
        var body = Body.none
        var isKeptAlive = true
        /// The client waits for 100 (Continue) before it sends the body.
        var expectsContinue = false
    }

    private(set) var count = 0
    private var hosts = 0
    private var isHostValid = true
    private var contentLengths = 0
    private var contentLength: Int?
    private var hasTransferEncoding = false
    private var codings = TransferCodings()
    private var asksToClose = false
    private var asksToKeepAlive = false
    private var expectsContinue = false
    private var hasUnknownExpectation = false

    /// Checks a line, without its CRLF, and notes what it says. Returns the length of the name.
    @discardableResult
    mutating func add(_ line: UnsafeRawBufferPointer) throws(HTTP1Refusal) -> Int {
        let nameEnd = try Self.checkedName(line)
        count += 1
        let name = line[part: 0..<nameEnd]
        switch nameEnd {
        case 4 where name.equalsIgnoringCase("host"):
            hosts += 1
            isHostValid = Authority.isValid(Self.value(line, nameEnd))
        case 6 where name.equalsIgnoringCase("expect"):
            let value = Self.value(line, nameEnd)
            if value.equalsIgnoringCase("100-continue") { expectsContinue = true } else { hasUnknownExpectation = true }
        case 10 where name.equalsIgnoringCase("connection"):
            Self.value(line, nameEnd).forEachListElement { option in
                if option.equalsIgnoringCase("close") { asksToClose = true }
                if option.equalsIgnoringCase("keep-alive") { asksToKeepAlive = true }
            }
        case 14 where name.equalsIgnoringCase("content-length"):
            contentLengths += 1
            contentLength = Self.decimal(Self.value(line, nameEnd))
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            hasTransferEncoding = true
            Self.value(line, nameEnd).forEachListElement { codings.add($0) }
        default: break
        }
        return nameEnd
    }

    /// Returns the length of the name of a well-formed line (RFC 9112 §5).
    static func checkedName(_ line: UnsafeRawBufferPointer) throws(HTTP1Refusal) -> Int {
        guard let nameEnd = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformed("headers", "have a line without a colon")
        }
        guard nameEnd > 0, ByteClass.token.containsAll(line[part: 0..<nameEnd]) else {
            if line[0] == 0x20 || line[0] == 0x09 {
                throw .malformed("headers", "have a line that begins with a space")
            }
            throw .malformed("headers", "have a name that is empty or has a character that no name may have")
        }
        guard ByteClass.value.containsAll(line[part: (nameEnd + 1)..<line.count]) else {
            throw .malformed("headers", "have a value with a control character")
        }
        return nameEnd
    }

    /// The value of a line, without the spaces around it.
    static func value(_ line: UnsafeRawBufferPointer, _ nameEnd: Int) -> UnsafeRawBufferPointer {
        line[part: (nameEnd + 1)..<line.count].trimmed
    }

    private static func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var number = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeToo) = product.addingReportingOverflow(Int(byte - 0x30))
            guard !isTooLarge, !isTooLargeToo else { return nil }
            number = sum
        }
        return number
    }

    /// Judges a complete head.
    func finish(isVersion10: Bool, limits: HTTP1Limits) throws(HTTP1Refusal) -> Framing {
        guard hosts <= 1 else { throw .malformed("Host", "is given more than once") }
        guard hosts == 1 || isVersion10 else { throw .malformed("Host", "is missing") }
        guard isHostValid else { throw .malformed("Host", "must be a host with an optional port") }
        var framing = Framing()
        framing.body = try body(isVersion10: isVersion10)
        if case .length(let bytes) = framing.body, bytes > limits.bodyBytes {
            throw HTTP1Refusal(413, "body", "has more than \(limits.bodyBytes) bytes")
        }
        // An HTTP/1.0 client cannot expect anything (RFC 9110 §10.1.1).
        if !isVersion10 {
            guard !hasUnknownExpectation else {
                throw HTTP1Refusal(417, "Expect", "may be 100-continue and nothing else")
            }
            framing.expectsContinue = expectsContinue && framing.body != .none
        }
        framing.isKeptAlive = !asksToClose && (!isVersion10 || asksToKeepAlive)
        return framing
    }

    private func body(isVersion10: Bool) throws(HTTP1Refusal) -> Body {
        guard hasTransferEncoding else {
            guard contentLengths > 0 else { return .none }
            guard contentLengths == 1, let contentLength else {
                throw .malformed("Content-Length", "must be one number of bytes")
            }
            return contentLength == 0 ? .none : .length(contentLength)
        }
        guard contentLengths == 0 else {
            throw .malformed("Content-Length", "must not be sent together with Transfer-Encoding")
        }
        guard !isVersion10 else { throw .malformed("Transfer-Encoding", "is no part of HTTP/1.0") }
        try codings.check()
        return .chunked
    }
}

/// The transfer codings of a request (RFC 9112 §6.1, §7). Only `chunked` alone is supported.
private struct TransferCodings {
    private var count = 0
    private var chunked = 0
    private var isChunkedLast = false
    private var isLastRegistered = false

    private static let others: [StaticString] = ["compress", "deflate", "gzip", "x-compress", "x-gzip"]

    mutating func add(_ coding: UnsafeRawBufferPointer) {
        count += 1
        isChunkedLast = coding.equalsIgnoringCase("chunked")
        isLastRegistered = Self.others.contains { coding.equalsIgnoringCase($0) }
        // A parameter of chunked is an error (RFC 9112 §7.1).
        if isChunkedLast || (coding.count > 7 && coding[part: 0..<7].equalsIgnoringCase("chunked")) { chunked += 1 }
    }

    func check() throws(HTTP1Refusal) {
        if count == 1, isChunkedLast { return }
        guard count > 0, chunked <= 1, isChunkedLast || (chunked == 0 && !isLastRegistered) else {
            throw .malformed("Transfer-Encoding", "must end with chunked, once")
        }
        throw HTTP1Refusal(501, "Transfer-Encoding", "may be chunked and nothing else")
    }
}

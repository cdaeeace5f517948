import HTTP2

/// The first line of a request (RFC 9112 §3), checked.
struct RequestLine {
    let method: String
    /// Path and query; `*` for the whole server.
    let target: String
    /// Whether the minor version is 0. A higher one than 1 is answered like 1 (RFC 9110 §2.5).
    let isVersion10: Bool

    /// - Parameter line: without its CRLF.
    init(_ line: UnsafeRawBufferPointer, limits: HTTP1Limits) throws(HTTP1Refusal) {
        let methodEnd = line.firstIndex(of: 0x20) ?? line.count
        let method = line[part: 0..<methodEnd]
        guard !method.isEmpty, ByteClass.token.containsAll(method) else {
            throw .malformed("request", "must begin with a method and a space")
        }
        let rest = line[part: min(methodEnd + 1, line.count)..<line.count]
        guard let targetEnd = rest.firstIndex(of: 0x20) else {
            throw .malformed("request", "its first line must be a method, a target and HTTP/1.1")
        }
        let target = rest[part: 0..<targetEnd]
        isVersion10 = try Self.isVersion10(rest[part: (targetEnd + 1)..<rest.count])
        guard target.count <= limits.targetBytes else { throw Self.targetTooLong(limits) }
        guard !target.isEmpty, ByteClass.target.containsAll(target) else {
            throw .malformed("target", "must have visible ASCII characters, no space and no #")
        }
        self.method = String(decoding: method, as: UTF8.self)
        self.target = try Self.originForm(target, method: self.method)
    }

    static func targetTooLong(_ limits: HTTP1Limits) -> HTTP1Refusal {
        HTTP1Refusal(414, "target", "has more than \(limits.targetBytes) bytes")
    }

    private static func isVersion10(_ version: UnsafeRawBufferPointer) throws(HTTP1Refusal) -> Bool {
        let digits: ClosedRange<UInt8> = 0x30...0x39
        guard version.count == 8, version.starts(with: "HTTP/" as StaticString), digits.contains(version[5]),
            version[6] == UInt8(ascii: "."), digits.contains(version[7])
        else { throw .malformed("request", "its first line must end with HTTP/1.1") }
        guard version[5] == UInt8(ascii: "1") else {
            throw HTTP1Refusal(505, "request", "has another version than HTTP/1.1")
        }
        return version[7] == UInt8(ascii: "0")
    }

    /// Path and query of any form of a target (RFC 9112 §3.2).
    private static func originForm(
        _ target: UnsafeRawBufferPointer, method: String
    ) throws(HTTP1Refusal) -> String {
        if target[0] == UInt8(ascii: "/") { return String(decoding: target, as: UTF8.self) }
        if method == "CONNECT" { throw HTTP1Refusal(501, "method", "CONNECT is not supported: this is no proxy") }
        if target.count == 1, target[0] == UInt8(ascii: "*") {
            guard method == "OPTIONS" else { throw .malformed("target", "* is for OPTIONS only") }
            return "*"
        }
        for scheme: StaticString in ["http://", "https://"] where target.count > scheme.utf8CodeUnitCount {
            guard target[part: 0..<scheme.utf8CodeUnitCount].equalsIgnoringCase(scheme) else { continue }
            let rest = target[part: scheme.utf8CodeUnitCount..<target.count]
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.count
            guard Authority.isValid(rest[part: 0..<end]) else {
                throw .malformed("target", "has no valid host")
            }
            let path = String(decoding: rest[part: end..<rest.count], as: UTF8.self)
            if path.isEmpty { return method == "OPTIONS" ? "*" : "/" }
            return path.utf8.first == UInt8(ascii: "?") ? "/" + path : path
        }
        throw .malformed("target", "must be a path that begins with /, or an http URL")
    }
}

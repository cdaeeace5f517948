extension ConformanceCase {
    private static func length(_ value: String, body: String = "abc") -> String {
        post("Content-Length: \(value)", body: body)
    }

    private static func coding(_ lines: String...) -> String {
        "POST / HTTP/1.1\r\nHost: x\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n1\r\na\r\n0\r\n\r\n"
    }

    /// Where a body ends: RFC 9112 §6.
    static let framing: [ConformanceCase] = [
        .init("6.2", "Content-Length", length("3"), 200, body: "POST / abc"),
        .init("6.2", "zero", length("0", body: ""), 200, body: "POST / "),
        .init("6.2", "leading zeros", length("003"), 200, body: "POST / abc"),
        .init("6.3", "neither length nor coding", post(body: ""), 200, body: "POST / "),
        .init(
            "6.3", "GET with a body", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 200,
            body: "GET / abc"),
        .init("6.3", "empty length", length(""), 400),
        .init("6.3", "negative length", length("-3"), 400),
        .init("6.3", "signed length", length("+3"), 400),
        .init("6.3", "hexadecimal length", length("0x3"), 400),
        .init("6.3", "fraction", length("3.0"), 400),
        .init("6.3", "space inside", length("3 3"), 400),
        .init("6.3", "letters", length("three"), 400),
        .init("6.3", "overflow", length("18446744073709551619"), 400),
        .init("6.3", "list of equal lengths", length("3, 3"), 400),
        .init("6.3", "list of different lengths", length("3, 4"), 400),
        .init("6.3", "two equal lengths", post("Content-Length: 3", "Content-Length: 3", body: "abc"), 400),
        .init("6.3", "two different lengths", post("Content-Length: 3", "Content-Length: 4", body: "abc"), 400),
        .init("6.3", "too large (RFC 9110 §15.5.14)", length("65537"), 413),
        .init(
            "6.1", "chunked and a length", post("Transfer-Encoding: chunked", "Content-Length: 3", body: "0\r\n\r\n"),
            400),
        .init(
            "6.1", "a length and chunked", post("Content-Length: 3", "Transfer-Encoding: chunked", body: "0\r\n\r\n"),
            400),
        .init(
            "6.1", "HTTP/1.0 with chunked", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400),
        .init("6.1", "chunked", coding("Transfer-Encoding: chunked"), 200, body: "POST / a"),
        .init("6.1", "chunked in any case", coding("Transfer-Encoding: CHUNKED"), 200, body: "POST / a"),
        .init("5.6.1", "empty elements (RFC 9110)", coding("Transfer-Encoding: ,chunked ,"), 200, body: "POST / a"),
        .init("6.1", "unknown coding", coding("Transfer-Encoding: miracle"), 501),
        .init("6.1", "identity is none", coding("Transfer-Encoding: identity"), 501),
        .init("6.1", "unsupported coding before chunked", coding("Transfer-Encoding: gzip, chunked"), 501),
        .init(
            "6.1", "unsupported coding in a field before",
            coding("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501),
        .init("6.3", "chunked is not last", coding("Transfer-Encoding: chunked, gzip"), 400),
        .init("6.3", "chunked is not last, unknown coding", coding("Transfer-Encoding: chunked, miracle"), 400),
        .init("6.3", "gzip alone", coding("Transfer-Encoding: gzip"), 400),
        .init("6.1", "chunked twice", coding("Transfer-Encoding: chunked, chunked"), 400),
        .init("6.1", "chunked in two fields", coding("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400),
        .init("7.1", "chunked with a parameter", coding("Transfer-Encoding: chunked;a=b"), 400),
        .init("6.1", "empty coding", coding("Transfer-Encoding:"), 400),
        .init("6.1", "quoted chunked", coding("Transfer-Encoding: \"chunked\""), 501),
        .init("6.1", "chunked, vertical tab", coding("Transfer-Encoding: \u{B}chunked"), 400),
    ]

    /// Chunked bodies: RFC 9112 §7.1.
    static let chunks: [ConformanceCase] = [
        .init("7.1", "two chunks", chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 200, body: "POST / abcde"),
        .init("7.1", "upper and lower case", chunked("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), 200),
        .init("7.1", "zeros", chunked("0003\r\nabc\r\n000\r\n\r\n"), 200, body: "POST / abc"),
        .init("7.1", "no chunk", chunked("0\r\n\r\n"), 200, body: "POST / "),
        .init("7.1", "CRLF inside a chunk", chunked("4\r\n\r\n\r\n\r\n0\r\n\r\n"), 200, body: "POST / \r\n\r\n"),
        .init("7.1.1", "extension", chunked("3;a\r\nabc\r\n0\r\n\r\n"), 200, body: "POST / abc"),
        .init(
            "7.1.1", "extension with a value", chunked("3;a=b;c=\"d;\\\"e\"\r\nabc\r\n0;f\r\n\r\n"), 200,
            body: "POST / abc"),
        .init("7.1.1", "spaces around an extension", chunked("3 ; a = b\r\nabc\r\n0\r\n\r\n"), 200, body: "POST / abc"),
        .init("7.1.2", "trailer", chunked("0\r\nX-Checksum: 1\r\n\r\n"), 200, body: "POST / "),
        .init("7.1", "no size", chunked("\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "letters", chunked("xyz\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "0x", chunked("0x3\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "sign", chunked("+3\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "negative", chunked("-3\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "underscore", chunked("0_3\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "space before", chunked(" 3\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "space after", chunked("3 \r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "comma", chunked("3,\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "overflow", chunked("10000000000000003\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "too large", chunked("10001\r\n"), 413),
        .init("7.1", "too large, in two chunks", chunked("1\r\na\r\n10000\r\n"), 413),
        .init("7.1", "bare LF after the size", chunked("3\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "bare CR after the size", chunked("3\rabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "bare LF after the bytes", chunked("3\r\nabc\n0\r\n\r\n"), 400),
        .init("7.1", "nothing after the bytes", chunked("3\r\nabc0\r\n\r\n"), 400),
        .init("7.1", "longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n"), 400),
        .init("7.1", "shorter than its size", chunked("4\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1", "bare LF after the last chunk", chunked("0\n\r\n"), 400),
        .init("7.1", "bare LF ends the body", chunked("0\r\n\n"), 400),
        .init("7.1.1", "empty extension", chunked("3;\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1.1", "extension without a name", chunked("3;=a\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1.1", "extension with an open quote", chunked("3;a=\"b\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1.1", "bare LF in an extension", chunked("3;a\nb\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1.1", "NUL in an extension", chunked("3;a\0\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1.1", "long extension", chunked("3;\(String(repeating: "a", count: 300))\r\nabc\r\n0\r\n\r\n"), 400),
        .init("7.1.2", "trailer without a colon", chunked("0\r\nX\r\n\r\n"), 400),
        .init("7.1.2", "trailer with a space before the colon", chunked("0\r\nX : y\r\n\r\n"), 400),
        .init("7.1.2", "folded trailer", chunked("0\r\nX: y\r\n z\r\n\r\n"), 400),
        .init("6.5.1", "Content-Length as trailer (RFC 9110)", chunked("0\r\nContent-Length: 3\r\n\r\n"), 400),
        .init(
            "6.5.1", "Transfer-Encoding as trailer (RFC 9110)",
            chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
        .init("6.5.1", "Host as trailer (RFC 9110)", chunked("0\r\nHost: y\r\n\r\n"), 400),
        .init("6.5.1", "Authorization as trailer (RFC 9110)", chunked("0\r\nAuthorization: y\r\n\r\n"), 400),
        .init("6.5.1", "Content-Type as trailer (RFC 9110)", chunked("0\r\nContent-Type: y\r\n\r\n"), 400),
        .init(
            "7.1.2", "large trailers (RFC 6585 §5)",
            chunked("0\r\nX: \(String(repeating: "a", count: 33_000))\r\n\r\n"), 431),
    ]
}

extension ConformanceCase {
    private static func host(_ value: String) -> String { "GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n" }

    /// Host: RFC 9112 §3.2, RFC 9110 §7.2, RFC 3986 §3.2.
    static let hosts: [ConformanceCase] = [
        .init("3.2", "missing", "GET / HTTP/1.1\r\n\r\n", 400),
        .init("3.2", "twice", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        .init("3.2", "twice, different case", "GET / HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n", 400),
        .init("3.2", "empty", host(""), 400),
        .init("3.2", "spaces", host("   "), 400),
        .init("3.2", "two in one", host("x, y"), 400),
        .init("3.2", "two in one without a space", host("x,y"), 400),
        .init("3.2", "with a path", host("x/y"), 400),
        .init("3.2", "with a scheme", host("http://x"), 400),
        .init("3.2", "with a user", host("u@x"), 400),
        .init("3.2", "with a space", host("x y"), 400),
        .init("3.2", "with a query", host("x?y"), 400),
        .init("3.2", "port only", host(":80"), 400),
        .init("3.2", "port of letters", host("x:http"), 400),
        .init("3.2", "port too large", host("x:65536"), 400),
        .init("3.2", "two ports", host("x:80:80"), 400),
        .init("3.2", "signed port", host("x:+80"), 400),
        .init("3.2", "IPv6 without brackets", host("::1"), 400),
        .init("3.2", "open bracket", host("[::1"), 400),
        .init("3.2", "no address in brackets", host("[x]"), 400),
        .init("3.2", "text after brackets", host("[::1]x"), 400),
        .init("3.2", "malformed escape", host("x%zz"), 400),
        .init("3.2", "not ASCII", host("ü"), 400),
        .init("3.2", "name and port", host("shop.example:8080"), 200),
        .init("3.2", "empty port", host("x:"), 200),
        .init("3.2", "underscore", host("orders_server"), 200),
        .init("3.2", "IPv4", host("127.0.0.1:80"), 200),
        .init("3.2", "IPv6", host("[::1]:80"), 200),
        .init("3.2", "HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200, .closed),
        .init("3.2", "HTTP/1.0 with two", "GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        .init("3.2", "HTTP/1.0 with a malformed one", "GET / HTTP/1.0\r\nHost: x y\r\n\r\n", 400),
    ]

    /// Field lines: RFC 9112 §5, RFC 9110 §5.
    static let fields: [ConformanceCase] = [
        .init("5.1", "space before the colon", get("X : y"), 400),
        .init("5.1", "tab before the colon", get("X\t: y"), 400),
        .init("5.1", "space before Host's colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        .init("5.1", "empty name", get(": y"), 400),
        .init("5.1", "no colon", get("Xy"), 400),
        .init("5.2", "obs-fold", get("X: y", " z"), 400),
        .init("5.2", "obs-fold with a tab", get("X: y", "\tz"), 400),
        .init("5.2", "obs-fold of Host", "GET / HTTP/1.1\r\nHost:\r\n x\r\n\r\n", 400),
        .init("5", "space in the name", get("X y: z"), 400),
        .init("5", "parenthesis in the name", get("X(y): z"), 400),
        .init("5", "quote in the name", get("\"X\": z"), 400),
        .init("5", "NUL in the name", get("X\0: z"), 400),
        .init("5", "not ASCII in the name", get("Xü: z"), 400),
        .init("5.5", "NUL in the value (RFC 9110)", get("X: a\0b"), 400),
        .init("5.5", "bell in the value (RFC 9110)", get("X: a\u{7}b"), 400),
        .init("5.5", "DEL in the value (RFC 9110)", get("X: a\u{7F}b"), 400),
        .init("5.5", "bare CR in the value (RFC 9110)", get("X: a\rb"), 400),
        .init("2.2", "bare LF in the value", get("X: a\nb"), 400),
        .init("2.2", "bare LF ends a field", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400),
        .init("2.2", "bare LF ends the head", "GET / HTTP/1.1\r\nHost: x\r\n\n", 400),
        .init("2.2", "CR CR LF ends the head", "GET / HTTP/1.1\r\nHost: x\r\n\r\r\n", 400),
        .init("5.5", "not ASCII in the value (RFC 9110)", get("X: ü"), 200),
        .init("5.5", "tab in the value (RFC 9110)", get("X: a\tb"), 200),
        .init("5", "empty value", get("X:"), 200),
        .init("5.1", "no space after the colon", "GET / HTTP/1.1\r\nHost:x\r\n\r\n", 200),
        .init("5.1", "spaces around the value", "GET / HTTP/1.1\r\nHost: \t x \t \r\n\r\n", 200),
        .init("5", "odd characters of a name", get("!#$%&'*+-.^_`|~09: y"), 200),
        .init("5", "large head", get("X: " + String(repeating: "a", count: 32_000)), 200),
        .init("5.4", "too large head (RFC 6585 §5)", get("X: " + String(repeating: "a", count: 33_000)), 431),
        .init(
            "5.4", "endless field (RFC 6585 §5)", "GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 33_000), 431),
        .init("5.4", "500 fields", fields(499), 200),
        .init("5.4", "501 fields (RFC 6585 §5)", fields(500), 431),
    ]

    private static func fields(_ count: Int) -> String {
        "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "X: y\r\n", count: count) + "\r\n"
    }

    /// Connection and Expect: RFC 9112 §9, RFC 9110 §7.6.1 and §10.1.1.
    static let connections: [ConformanceCase] = [
        .init("9.3", "HTTP/1.1 stays open", get(), 200, .open),
        .init("9.3", "HTTP/1.0 is closed", "GET / HTTP/1.0\r\nHost: x\r\n\r\n", 200, .closed),
        .init(
            "9.3", "HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nHost: x\r\nConnection: Keep-Alive\r\n\r\n", 200, .open
        ),
        .init("9.6", "close", get("Connection: close"), 200, .closed),
        .init("9.6", "close, in any case", get("Connection: CLOSE"), 200, .closed),
        .init("9.6", "close in a list", get("Connection: keep-alive, close"), 200, .closed),
        .init("9.6", "close in a second field", get("Connection: te", "Connection: close"), 200, .closed),
        .init("9.3", "an option that is unknown", get("Connection: closed"), 200, .open),
        .init("9.6", "bytes after close are no request", get("Connection: close") + get(), 200, .closed),
        .init("9.6", "HTTP/1.0 and bytes after", "GET / HTTP/1.0\r\n\r\n" + get(), 200, .closed),
        .init("10.1.1", "unknown expectation (RFC 9110)", get("Expect: miracle"), 417),
        .init("10.1.1", "two expectations (RFC 9110)", get("Expect: 100-continue, miracle"), 417),
        .init("10.1.1", "no body is awaited (RFC 9110)", get("Expect: 100-continue"), 200),
        .init(
            "10.1.1", "HTTP/1.0 expects nothing (RFC 9110)",
            "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", 200, .closed, body: "POST / a"),
        .init(
            "10.1.1", "the body came already (RFC 9110)", post("Expect: 100-continue", "Content-Length: 1", body: "a"),
            200, body: "POST / a"),
        .init(
            "10.1.1", "too large to be continued (RFC 9110)",
            post("Expect: 100-continue", "Content-Length: 99999999", body: ""), 413),
        .init(
            "7.8", "an upgrade is ignored (RFC 9110)",
            get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), 200),
        .init("9.3.2", "204 without a length (RFC 9110 §8.6)", "GET /empty HTTP/1.1\r\nHost: x\r\n\r\n", 204, .open),
    ]
}

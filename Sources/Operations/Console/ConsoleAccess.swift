import HTTPTypes
import Hummingbird

/// Who may use the console, and as whom a decision is recorded.
struct ConsoleAccess: Sendable {
    static let loginPath = "/login"
    private static let cookieName = "outbox_console"

    private let rule: ConsoleConfiguration.Access

    init(_ rule: ConsoleConfiguration.Access) {
        self.rule = rule
    }

    var isOpenToAll: Bool {
        if case .everyone = rule { return true }
        return false
    }

    /// Paths that need no secret: health checks, and the way in.
    static func isOpen(_ path: String) -> Bool {
        ["/livez", "/readyz", loginPath, "/console.css", "/icon.svg"].contains(path)
    }

    func admits(_ request: Request) -> Bool {
        switch rule {
        case .everyone: true
        case .token(let secret): Self.isSame(Self.bearer(request) ?? Self.cookie(request) ?? "", secret)
        case .proxyHeader(let name): Self.header(name, request) != nil
        }
    }

    /// The name that a decision records; nil where nobody is known.
    func caller(_ request: Request) -> String? {
        guard case .proxyHeader(let name) = rule else { return nil }
        return Self.header(name, request)
    }

    /// A person gets the login page, a program 401.
    func refusal(_ request: Request) -> Response {
        guard case .token = rule, request.method == .get, !request.uri.path.hasPrefix("/api/") else {
            var headers: HTTPFields = [.contentType: "application/json; charset=utf-8"]
            if case .token = rule { headers[.wwwAuthenticate] = "Bearer" }
            let text = #"{"message":"who you are is not known: this console needs a token or its proxy"}"#
            return Response(status: .unauthorized, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        return Self.loginPage(status: .unauthorized, message: nil)
    }

    /// The answer to the login form: a cookie for the browser, or the form again.
    func login(_ form: String) -> Response {
        guard case .token(let secret) = rule else { return Response(status: .seeOther, headers: [.location: "./"]) }
        // The characters of a token are the same in a form and in a cookie: see ConsoleConfiguration.
        let given = form.split(separator: "&").first { $0.hasPrefix("token=") }?.dropFirst("token=".count)
        guard let given, Self.isSame(String(given), secret) else {
            return Self.loginPage(status: .unauthorized, message: "That is not the token.")
        }
        let cookie = "\(Self.cookieName)=\(secret); HttpOnly; SameSite=Strict"
        return Response(status: .seeOther, headers: [.location: "./", .setCookie: cookie])
    }

    private static func bearer(_ request: Request) -> String? {
        guard let value = request.headers[.authorization], value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst("bearer ".count))
    }

    private static func cookie(_ request: Request) -> String? {
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix(cookieName + "=") { return String(pair.dropFirst(cookieName.count + 1)) }
            }
        }
        return nil
    }

    private static func header(_ name: String, _ request: Request) -> String? {
        guard let field = HTTPField.Name(name), let value = request.headers[field], !value.isEmpty else { return nil }
        return value
    }

    /// Takes the same time wherever two texts of one length differ.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func loginPage(status: HTTPResponse.Status, message: String?) -> Response {
        let note = message.map { "<p class=\"notice bad\" role=\"alert\">\($0)</p>" } ?? ""
        let page = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>Outbox console</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="stylesheet" href="console.css"></head>
            <body><main><h1>Outbox console</h1>\(note)
            <form class="filters" method="post" action="login">
            <label>Token <input id="token" name="token" type="password" required autofocus></label>
            <button class="primary">Open</button></form></main></body></html>
            """
        return Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: page)))
    }
}

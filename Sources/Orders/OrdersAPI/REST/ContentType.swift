import HTTP2

/// The description of a request's body: the fields `Content-Type` and `Content-Encoding` (RFC 9110 §8.3, §8.4).
enum ContentType {
    /// - Throws: 415 unless the body is JSON in UTF-8 without a content coding.
    static func requireJSON(_ headers: HTTP2Headers) throws(APIError) {
        if let coding = headers.first("content-encoding"), coding.lowercased() != "identity" {
            var error = APIError.invalid("content-encoding", "must be identity; compressed bodies are not read")
            error.acceptedEncodings = "identity"
            throw error.withHTTPStatus(415)
        }
        let types = headers.values("content-type")
        if types == ["application/json"] { return }
        guard types.count == 1 else { throw notJSON }
        let parts = types[0].lowercased().split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        guard parts[0] == "application/json" else { throw notJSON }
        for parameter in parts.dropFirst() where parameter.hasPrefix("charset") {
            guard ["charset=utf-8", "charset=\"utf-8\""].contains(String(parameter)) else {
                throw APIError.invalid("content-type", "may have the charset utf-8 and no other").withHTTPStatus(415)
            }
        }
    }

    private static let notJSON = APIError.invalid("content-type", "must be application/json").withHTTPStatus(415)

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isSpace)
        while text.last.map(isSpace) == true { text.removeLast() }
        return text
    }
}

/// The header fields of a response, in the order in which they were set.
struct ResponseFields: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The name of a field that the API sends.
    struct Name: Sendable, Hashable {
        let text: String

        static let accessControlAllowHeaders = Name(text: "Access-Control-Allow-Headers")
        static let accessControlAllowMethods = Name(text: "Access-Control-Allow-Methods")
        static let accessControlAllowOrigin = Name(text: "Access-Control-Allow-Origin")
        static let accessControlExposeHeaders = Name(text: "Access-Control-Expose-Headers")
        static let accessControlMaxAge = Name(text: "Access-Control-Max-Age")
        static let acceptEncoding = Name(text: "Accept-Encoding")
        static let allow = Name(text: "Allow")
        static let cacheControl = Name(text: "Cache-Control")
        static let contentEncoding = Name(text: "Content-Encoding")
        static let contentSecurityPolicy = Name(text: "Content-Security-Policy")
        static let contentType = Name(text: "Content-Type")
        static let eTag = Name(text: "ETag")
        /// Marks an answer that was found by its idempotency key.
        static let idempotencyReplayed = Name(text: "Idempotency-Replayed")
        static let retryAfter = Name(text: "Retry-After")
        static let vary = Name(text: "Vary")
    }

    private struct Field: Sendable, Hashable {
        let name: Name
        var value: String
    }

    private var fields: [Field] = []

    init(dictionaryLiteral elements: (Name, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }

    /// Names and values.
    var all: [(name: String, value: String)] { fields.map { ($0.name.text, $0.value) } }

    /// The value of the first field of that name. Setting it replaces that field.
    subscript(name: Name) -> String? {
        get { fields.first { $0.name == name }?.value }
        set {
            guard let newValue else { return fields.removeAll { $0.name == name } }
            if let index = fields.firstIndex(where: { $0.name == name }) {
                fields[index].value = newValue
            } else {
                append(name, newValue)
            }
        }
    }

    mutating func append(_ name: Name, _ value: String) {
        fields.append(Field(name: name, value: value))
    }
}

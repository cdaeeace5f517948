/// Why a plain HTTP request is answered without asking its handler. The raw value is the HTTP status.
public enum HTTP2Refusal: Int, Sendable {
    /// The request was not complete within `HTTP2Limits.requestTimeout`.
    case tooSlow = 408
    /// The body has, or announces, more than `HTTP2Limits.requestBodyBytes`.
    case bodyTooLarge = 413
    /// The header list has more than `HTTP2Limits.headerListBytes`.
    case headersTooLarge = 431
    /// The method is one without a path: CONNECT.
    case notImplemented = 501

    /// The HTTP status.
    public var status: Int { rawValue }
}

import HTTP2

/// The facts about a call that its request's header block states, read in one pass over the bytes.
struct GRPCRequestHead: ~Copyable {
    /// Whether the content type is gRPC's. The other facts have a meaning only then.
    private(set) var isGRPC = false
    private var isSupportedSubtype = true
    private var isPost = false
    private var hasTrailersTE = false
    /// The time that the client waits; nil without `grpc-timeout`, or if that cannot be read.
    private(set) var timeout: Duration?
    private var hasBadTimeout = false
    /// The compression of the request's messages; nil when the request names one that is not known.
    private(set) var encoding: GRPCEncoding? = .identity
    /// The best compression that the client accepts.
    private(set) var acceptedEncoding = GRPCEncoding.identity

    /// - Parameter path: is called with the value of `:path`.
    @inline(__always)
    init(_ headers: HTTP2Headers, path: (UnsafeRawBufferPointer) -> Void) {
        headers.forEach { name, value in
            switch name.count {
            case 2:
                if name.matches("te") { hasTrailersTE = value.matches("trailers") }
            case 5:
                if name.matches(":path") { path(value) }
            case 7:
                if name.matches(":method") { isPost = value.matches("POST") }
            case 12:
                if name.matches("content-type") {
                    readContentType(value)
                } else if name.matches("grpc-timeout") {
                    timeout = GRPCTimeout.parse(value)
                    hasBadTimeout = timeout == nil
                }
            case 13:
                if name.matches("grpc-encoding") { encoding = GRPCEncoding(value) }
            case 20:
                if name.matches("grpc-accept-encoding") { acceptedEncoding = GRPCEncoding.best(of: value) }
            default:
                break
            }
        }
    }

    private mutating func readContentType(_ value: UnsafeRawBufferPointer) {
        guard value.starts(with: "application/grpc") else { return }
        let rest = UnsafeRawBufferPointer(rebasing: value.dropFirst("application/grpc".utf8.count))
        switch rest.first {
        case nil, UInt8(ascii: ";"): isGRPC = true
        case UInt8(ascii: "+"):
            isGRPC = true
            isSupportedSubtype = rest.matches("+proto") || rest.starts(with: "+proto;")
        default: isGRPC = false
        }
    }

    /// The decision about a request.
    enum Verdict<Method> {
        /// A valid call.
        case call(Method)
        /// Not a call: an HTTP status, for clients that do not speak gRPC.
        case http(HTTP2Field)
        /// Not a valid call: the status of an error.
        case status(GRPCError)
    }

    /// The decision about the request. Has a meaning only when `isGRPC`.
    ///
    /// - Parameter method: the method of the path; nil if there is none.
    func verdict<Method>(on method: Method?) -> Verdict<Method> {
        guard isPost else { return .http(HTTP2Field(":status", "405")) }
        guard isSupportedSubtype else { return .http(HTTP2Field(":status", "415")) }
        guard hasTrailersTE else {
            return .status(GRPCError(.invalidArgument, "the header field te must be sent, with the value trailers"))
        }
        guard let method else { return .status(GRPCError(.unimplemented, "no such method")) }
        guard !hasBadTimeout else { return .status(GRPCError(.invalidArgument, "grpc-timeout cannot be read")) }
        guard encoding != nil else {
            return .status(GRPCError(.unimplemented, "grpc-encoding is not supported; identity, deflate and gzip are"))
        }
        return .call(method)
    }
}

/// Reads `grpc-timeout`: one to eight digits and a unit.
enum GRPCTimeout {
    /// The timeout; nil when the text is not one.
    static func parse(_ text: UnsafeRawBufferPointer) -> Duration? {
        guard (2...9).contains(text.count) else { return nil }
        var amount: Int64 = 0
        for digit in text.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            amount = amount * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        switch text[text.count - 1] {
        case UInt8(ascii: "H"): return .seconds(amount * 3_600)
        case UInt8(ascii: "M"): return .seconds(amount * 60)
        case UInt8(ascii: "S"): return .seconds(amount)
        case UInt8(ascii: "m"): return .milliseconds(amount)
        case UInt8(ascii: "u"): return .microseconds(amount)
        case UInt8(ascii: "n"): return .nanoseconds(amount)
        default: return nil
        }
    }
}

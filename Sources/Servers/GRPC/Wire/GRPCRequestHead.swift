import HTTP2

/// What a request's header block says about its call, read in one pass over the bytes.
struct GRPCRequestHead: ~Copyable {
    private(set) var isGRPC = false
    private(set) var isSupportedSubtype = true
    private(set) var isPost = false
    private(set) var hasTrailersTE = false
    private(set) var method: GRPCMethod?
    private(set) var timeout: Duration?
    private(set) var hasBadTimeout = false
    /// nil when the request names an encoding that is not known.
    private(set) var encoding: GRPCEncoding? = .identity
    private(set) var acceptedEncoding = GRPCEncoding.identity

    init(_ headers: HTTP2Headers, routes: GRPCRouteTable) {
        headers.forEach { name, value in
            switch name.count {
            case 2:
                if name.matches("te") { hasTrailersTE = value.matches("trailers") }
            case 5:
                if name.matches(":path") { method = routes.find(value) }
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

    /// What becomes of the request.
    enum Verdict {
        case call(GRPCMethod)
        case http(HTTP2Field)
        case status(GRPCError)
    }

    /// Only meaningful when `isGRPC`.
    var verdict: Verdict {
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

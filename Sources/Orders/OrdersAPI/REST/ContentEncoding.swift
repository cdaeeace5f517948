import GRPC
import HTTP2

/// Compresses larger responses with gzip if the client accepts it (RFC 9110 §12.5.3).
enum ContentEncoding {
    /// Compresses the body if that makes it smaller. Streams are not compressed.
    static func apply(to response: inout RESTResponse, for request: RESTRequest) {
        guard case .bytes(let bytes) = response.body, bytes.count >= RESTLimits.minimumCompressedBytes else { return }
        response.headers.append(.vary, "Accept-Encoding")
        guard acceptsGzip(request.headers), let compressed = Gzip.compress(bytes), compressed.count < bytes.count else {
            return
        }
        response.body = .bytes(compressed)
        response.headers[.contentEncoding] = "gzip"
    }

    /// Whether gzip is acceptable with a weight above zero. An entry for gzip takes precedence over the wildcard.
    static func acceptsGzip(_ headers: HTTP2Headers) -> Bool {
        var wildcard = false
        for value in headers.values("accept-encoding") {
            for item in value.lowercased().split(separator: ",") {
                let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
                let isRefused = parts.dropFirst().contains {
                    $0.hasPrefix("q=0") && !$0.dropFirst(3).contains { ("1"..."9").contains($0) }
                }
                switch parts.first {
                case "gzip", "x-gzip": return !isRefused
                case "*": wildcard = !isRefused
                default: break
                }
            }
        }
        return wildcard
    }
}

import NIOCore

/// The bounds of the REST face.
enum RESTLimits {
    /// The largest request body. The longest valid one, a reason of 1,024 characters all escaped as surrogate pairs,
    /// has 12 KiB.
    static let maximumBodyBytes = 64 * 1024
    /// How deep a JSON body may be nested. The API's own bodies are one deep.
    static let maximumJSONDepth = 16
    /// The longest path with its query: an identifier of 255 characters, percent-encoded, has 3,060 bytes.
    static let maximumTargetBytes = 16 * 1024
    /// The smallest response body worth compressing.
    static let minimumCompressedBytes = 1024
    /// Connections over HTTP/1.1 at once; further ones wait in the kernel's queue.
    static let maximumConnections = 10_000
    /// The largest header of an HTTP/1.1 request, all fields together.
    static let maximumHeaderBytes = 32 * 1024
    /// The most header fields of an HTTP/1.1 request.
    static let maximumHeaderFields = 500
    /// A connection that is silent for so long is closed, in mid-request or between requests.
    static let idleTimeout: TimeAmount = .seconds(75)
    /// A comment is sent to an idle event stream this often, so that a client that went away is noticed.
    static let eventStreamHeartbeat: Duration = .seconds(15)
}

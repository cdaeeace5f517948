/// The bounds of the API, the same over REST and gRPC.
enum APILimits {
    /// Orders on a page of the list.
    static let listPageOrders: ClosedRange<UInt32> = 1...100
    static let defaultListPageOrders: UInt32 = 10
    /// Events in one answer of the history.
    static let historyPageEvents: ClosedRange<UInt32> = 1...1000
    static let defaultHistoryPageEvents: UInt32 = 1000
    /// How long a list waits for a version if the client sets no deadline.
    static let defaultProjectionWait: Duration = .seconds(5)
    /// The longest that a list waits for a version, whatever the client's deadline is.
    static let maximumProjectionWait: Duration = .seconds(30)
    /// Events that a watch reads from the store at once.
    static let watchPageEvents = 100
    /// Watches and waiting lists of one server; a further one is refused.
    static let maximumWatchers = 20_000
    /// The longest page token, in bytes: a time, and an identifier of 255 characters in hexadecimal.
    static let maximumPageTokenBytes = 2053
    /// How long running requests may take to finish when the server stops.
    static let drainTimeout: Duration = .seconds(10)
}

/// The bounds of REST.
enum RESTLimits {
    /// The largest request body. The longest valid one, a reason of 1,024 characters that are all escaped as surrogate
    /// pairs, has 12 KiB.
    static let maximumBodyBytes = 64 * 1024
    /// The deepest nesting of a JSON body. The bodies of this API have a depth of 1.
    static let maximumJSONDepth = 16
    /// The longest path with its query. An identifier of 255 characters has up to 3,060 bytes when it is
    /// percent-encoded.
    static let maximumTargetBytes = 16 * 1024
    /// The smallest response body that is compressed.
    static let minimumCompressedBytes = 1024
    /// Connections over HTTP/1.1 at the same time, where the limit on open files allows so many. For a further one a
    /// quiet one is closed.
    static let maximumConnections = 10_000
    /// File descriptors of everything but connections of clients, Postgres and event loops: log, signals, listening
    /// sockets, files that are read for a moment, and a rest.
    static let reservedDescriptors = 32
    /// The largest header of an HTTP/1.1 request, all fields together.
    static let maximumHeaderBytes = 32 * 1024
    /// The most header fields of an HTTP/1.1 request.
    static let maximumHeaderFields = 500
    /// A connection over HTTP/1.1 without a request for this long is closed.
    static let idleTimeout: Duration = .seconds(75)
    /// A request over HTTP/1.1 must be complete so long after its first byte.
    static let requestTimeout: Duration = .seconds(10)
    /// The pause between two comments on an idle event stream. They make a lost client noticeable.
    static let eventStreamHeartbeat: Duration = .seconds(15)
}

/// Every bound of the HTTP/2 server, with its unit in the name.
///
/// Ordinary clients stay below the defaults; a client that floods the server loses its connection. Each bound has a
/// test that shows its effect.
public struct HTTP2Limits: Sendable {
    /// Streams that one connection may have open at once. A further stream is refused (REFUSED_STREAM).
    public var concurrentStreams: UInt32 = 128

    /// Bytes of one request's header list, counted as RFC 9113 §6.5.2 does (name + value + 32 each); beyond it: 431.
    public var headerListBytes: UInt32 = 16 * 1024

    /// Bytes that a peer may send on one stream before the handler has taken them.
    public var streamWindowBytes: Int32 = 256 * 1024

    /// Bytes that a peer may send on one connection before the session has handed them to the streams' receivers.
    public var connectionWindowBytes: Int32 = 1024 * 1024

    /// Bytes of the largest frame the server accepts (RFC 9113 §4.2: at least 16,384).
    public var frameBytes: UInt32 = 16 * 1024

    /// Response bytes queued on one connection's socket before the session stops producing frames.
    public var socketBufferBytes: Int = 256 * 1024

    /// Response bytes that one stream queues before `HTTP2Stream.isWritable` is false.
    public var streamBufferBytes: Int = 64 * 1024

    /// Streams that a peer may reset in one burst (CVE-2023-44487); beyond it: GOAWAY.
    public var streamResetBurst: UInt64 = 1_000

    /// Resets by which the burst grows again in each second.
    public var streamResetsPerSecond: UInt64 = 200

    /// Frames without work that a peer may send in one burst; beyond it: GOAWAY with ENHANCE_YOUR_CALM.
    ///
    /// Frames without work are PING, SETTINGS, PRIORITY, empty DATA, and WINDOW_UPDATE beyond what our DATA earns.
    public var controlFrameBurst: Int = 1_000

    /// Frames without work by which the burst grows again in each second.
    public var controlFramesPerSecond: Int = 100

    /// CONTINUATION frames that may follow one HEADERS frame (CVE-2024-28182); beyond it: GOAWAY.
    public var continuationFrames: Int = 8

    /// Entries of one SETTINGS frame; beyond it: GOAWAY.
    public var settingsEntries: Int = 32

    /// Acknowledgements (of PING and SETTINGS) that may wait for a peer that does not read; beyond it: GOAWAY.
    public var queuedAcknowledgements: Int = 1_000

    /// Connections of the whole server. For a further one the connection that was quiet for longest is closed; if none
    /// is quiet, the further one is closed at once.
    public var connections: Int = 10_000

    /// Time without traffic, and without bytes of the peer that had no answer, after which a connection may be closed
    /// for a new one.
    public var connectionQuiet: Duration = .seconds(1)

    /// Time within which a new connection completes TLS, the preface and its SETTINGS.
    public var handshakeTimeout: Duration = .seconds(10)

    /// Time within which a header block must be complete after its first frame.
    public var headerBlockTimeout: Duration = .seconds(10)

    /// Time within which a request must be complete if it is answered only then: unary gRPC and plain HTTP.
    public var requestTimeout: Duration = .seconds(60)

    /// Time for which a connection whose output is blocked may make no progress.
    public var writeStallTimeout: Duration = .seconds(60)

    /// Time without a byte from the peer after which the server sends a PING; nil sends none.
    public var keepaliveInterval: Duration? = .seconds(60)

    /// Time within which any byte must follow that PING; otherwise the connection is closed as half-open.
    public var keepaliveTimeout: Duration = .seconds(20)

    /// Time without any stream after which the connection is closed gracefully; nil never closes it for that.
    public var idleTimeout: Duration? = .seconds(300)

    /// Age at which a connection is closed gracefully, so that clients spread over new servers; nil sets no age.
    public var maximumAge: Duration? = nil

    /// Time that open streams have to finish while a connection closes gracefully.
    public var drainTimeout: Duration = .seconds(30)

    /// Time between the two GOAWAY frames when the peer does not answer the PING sent with the first.
    public var goAwayDelay: Duration = .seconds(1)

    /// Interval at which all timeouts above are checked: their resolution.
    public var timerInterval: Duration = .milliseconds(500)

    /// Bytes of a request that are taken and dropped after its response is complete; beyond it: RST_STREAM.
    public var discardedBodyBytes: Int = 1024 * 1024

    /// Bytes of the largest body that the plain HTTP side collects; beyond it: 413.
    public var requestBodyBytes: Int = 1024 * 1024

    /// The defaults.
    public init() {}
}

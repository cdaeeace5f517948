/// Every bound of the HTTP/2 server, with its unit in the name.
///
/// The defaults let an honest client do all it wants and cost a hostile one its connection. Each bound has a test that
/// shows its effect.
public struct HTTP2Limits: Sendable {
    /// Streams that one connection may have open at once; a further one is refused (REFUSED_STREAM).
    public var concurrentStreams: UInt32 = 128

    /// Bytes of one request's header list, counted as RFC 9113 §6.5.2 does (name + value + 32 each); beyond it: 431.
    public var headerListBytes: UInt32 = 16 * 1024

    /// Bytes that a peer may send on one stream before the handler has taken them.
    public var streamWindowBytes: Int32 = 256 * 1024

    /// Bytes that a peer may send on one connection before they were handed to a stream's handler.
    public var connectionWindowBytes: Int32 = 1024 * 1024

    /// Bytes of the largest frame the server accepts (RFC 9113 §4.2: at least 16,384).
    public var frameBytes: UInt32 = 16 * 1024

    /// Response bytes queued on one connection's socket before the session stops producing frames.
    public var socketBufferBytes: Int = 256 * 1024

    /// Response bytes that one stream queues before `HTTP2Stream.isWritable` turns false.
    public var streamBufferBytes: Int = 64 * 1024

    /// Streams that a peer may reset at once (CVE-2023-44487), and how many more each second, before GOAWAY.
    public var streamResetBurst: UInt64 = 1_000
    public var streamResetsPerSecond: UInt64 = 200

    /// Frames that carry no work (PING, SETTINGS, PRIORITY, empty DATA; WINDOW_UPDATE beyond what our
    /// own DATA earns) that a peer may send at once, and how many more each second, before GOAWAY(ENHANCE_YOUR_CALM).
    public var controlFrameBurst: Int = 1_000
    public var controlFramesPerSecond: Int = 100

    /// CONTINUATION frames that may follow one HEADERS frame (CVE-2024-28182).
    public var continuationFrames: Int = 8

    /// Entries of one SETTINGS frame.
    public var settingsEntries: Int = 32

    /// Acknowledgements (PING, SETTINGS) that may wait to be sent to a peer that does not read.
    public var queuedAcknowledgements: Int = 1_000

    /// Connections of the whole server; a further one is closed at once.
    public var connections: Int = 10_000

    /// Time within which a new connection completes TLS, the preface and its SETTINGS.
    public var handshakeTimeout: Duration = .seconds(10)

    /// Time within which a begun header block must be complete.
    public var headerBlockTimeout: Duration = .seconds(10)

    /// Time within which a request that is to be complete before it is answered (unary gRPC, plain HTTP) must be so.
    public var requestTimeout: Duration = .seconds(60)

    /// Time for which a connection whose output is blocked may make no progress.
    public var writeStallTimeout: Duration = .seconds(60)

    /// Silence after which the server sends a PING; nil never.
    public var keepaliveInterval: Duration? = .seconds(60)

    /// Time within which that PING must be answered by any byte, or the connection is closed as half-open.
    public var keepaliveTimeout: Duration = .seconds(20)

    /// Time without any stream after which the connection is closed gracefully; nil never.
    public var idleTimeout: Duration? = .seconds(300)

    /// Age at which a connection is closed gracefully, so that clients spread again after a scale-out; nil never.
    public var maximumAge: Duration? = nil

    /// Time that streams get to finish once a connection is closing gracefully.
    public var drainTimeout: Duration = .seconds(30)

    /// Time between the two GOAWAY frames when the peer does not answer the PING sent with the first.
    public var goAwayDelay: Duration = .seconds(1)

    /// Resolution of all timeouts above.
    public var timerInterval: Duration = .milliseconds(500)

    /// Bytes of a request's remainder that are taken and dropped after its response is complete, before RST_STREAM.
    public var discardedBodyBytes: Int = 1024 * 1024

    /// Bytes of the largest body that the plain HTTP side collects; beyond it: 413.
    public var requestBodyBytes: Int = 1024 * 1024

    public init() {}
}

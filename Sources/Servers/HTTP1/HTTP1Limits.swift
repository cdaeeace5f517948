/// Every bound of the HTTP/1.1 server, with its unit in the name.
public struct HTTP1Limits: Sendable {
    /// Bytes of the longest request target; beyond it: 414.
    public var targetBytes = 16 * 1024

    /// Bytes of the largest request head, and of the largest trailer section; beyond it: 431.
    public var headBytes = 32 * 1024

    /// Fields of a request head, and of a trailer section; beyond it: 431.
    public var fields = 500

    /// Bytes of the largest request body; beyond it: 413.
    public var bodyBytes = 64 * 1024

    /// Bytes of one line that announces a chunk, with its extensions; beyond it: 400.
    public var chunkLineBytes = 256

    /// Bytes of requests that wait while another request of their connection is answered. The socket is not read
    /// beyond it.
    public var waitingBytes = 64 * 1024

    /// Response bytes that wait for the socket of one connection. No request is begun beyond it.
    public var outputBytes = 256 * 1024

    /// Connections of the whole server. For a further one a quiet connection is closed.
    public var connections = 10_000

    /// Time within which a request must be complete after its first byte; beyond it: 408.
    public var requestTimeout: Duration = .seconds(10)

    /// Time between two requests after which a connection is closed.
    public var idleTimeout: Duration = .seconds(75)

    /// Time for which a connection whose output is blocked may make no progress.
    public var writeStallTimeout: Duration = .seconds(60)

    /// Time for which the input of a refused client is dropped, so that the response reaches it (RFC 9112 §9.6).
    public var lingerTimeout: Duration = .seconds(2)

    /// Time that open requests have to finish while the server stops.
    public var drainTimeout: Duration = .seconds(10)

    /// Interval at which all timeouts above are checked: their resolution.
    public var timerInterval: Duration = .milliseconds(500)

    /// The defaults.
    public init() {}
}

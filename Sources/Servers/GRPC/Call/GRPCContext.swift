public import HTTP2
import Synchronization

/// What a handler may know about its call, and say beside its messages. Cancellation is the task's own: when the client
/// leaves or the deadline passes, `Task.isCancelled` turns true.
public final class GRPCContext: Sendable {
    /// The full name of the method, such as `orders.v1.OrderService/PlaceOrder`.
    public let method: String

    /// Who called.
    public let peer: HTTP2Peer

    /// When the client stops waiting; nil if it did not say.
    public let deadline: ContinuousClock.Instant?

    private let headers: HTTP2Headers
    private let state = Mutex(State())

    private struct State {
        var initial = GRPCMetadata()
        var trailing = GRPCMetadata()
    }

    /// Makes a context without a server, for tests of handlers.
    public init(
        method: String, peer: HTTP2Peer = HTTP2Peer(address: "test", isSecure: false),
        deadline: ContinuousClock.Instant? = nil, headers: HTTP2Headers = HTTP2Headers([])
    ) {
        self.method = method
        self.peer = peer
        self.deadline = deadline
        self.headers = headers
    }

    /// What the client sent beside its messages; read from the header bytes at each call.
    public var metadata: GRPCMetadata { GRPCMetadata(headers) }

    /// One text value of the metadata, without reading the others.
    public func metadata(_ key: StaticString) -> String? { headers.first(key) }

    /// Adds to the response's initial metadata; of effect until the first message is sent.
    public func addInitialMetadata(_ key: String, _ value: String) {
        state.withLock { $0.initial.add(key, value) }
    }

    /// Adds to the trailing metadata.
    public func addTrailingMetadata(_ key: String, _ value: String) {
        state.withLock { $0.trailing.add(key, value) }
    }

    /// Adds a binary value to the trailing metadata; the key ends in `-bin`.
    public func addTrailingMetadata(_ key: String, binary value: [UInt8]) {
        state.withLock { $0.trailing.add(key, binary: value) }
    }

    func initialMetadata() -> GRPCMetadata { state.withLock { $0.initial } }

    func trailingMetadata() -> GRPCMetadata { state.withLock { $0.trailing } }
}

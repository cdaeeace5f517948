public import HTTP2
import Synchronization

/// The facts about a call for its handler, and the metadata of its response. May be used on any thread.
///
/// When the client leaves or the deadline passes, the handler's task is cancelled.
public final class GRPCContext: Sendable {
    /// The full name of the method, such as `orders.v1.OrderService/PlaceOrder`.
    public let method: String

    /// The client's end of the connection.
    public let peer: HTTP2Peer

    /// When the client stops waiting; nil if it set no deadline.
    public let deadline: ContinuousClock.Instant?

    private let headers: HTTP2Headers
    private let state = Mutex(State())

    private struct State {
        var initial = GRPCMetadata()
        var trailing = GRPCMetadata()
    }

    init(method: String, peer: HTTP2Peer, deadline: ContinuousClock.Instant?, headers: HTTP2Headers) {
        self.method = method
        self.peer = peer
        self.deadline = deadline
        self.headers = headers
    }

    /// The metadata of the request; read from the header fields at each use.
    public var metadata: GRPCMetadata { GRPCMetadata(headers) }

    /// The first text value of a lower-case key, without reading the other keys; nil if there is none.
    public func metadata(_ key: StaticString) -> String? { headers.first(key) }

    /// Adds a text value to the response's initial metadata. Has an effect until the first message is sent.
    public func addInitialMetadata(_ key: String, _ value: String) {
        state.withLock { $0.initial.add(key, value) }
    }

    /// Adds a text value to the trailing metadata, which is sent with the status.
    public func addTrailingMetadata(_ key: String, _ value: String) {
        state.withLock { $0.trailing.add(key, value) }
    }

    /// Adds a binary value to the trailing metadata. The key must end in `-bin`.
    public func addTrailingMetadata(_ key: String, binary value: [UInt8]) {
        state.withLock { $0.trailing.add(key, binary: value) }
    }

    /// The metadata to send before the first message.
    func initialMetadata() -> GRPCMetadata { state.withLock { $0.initial } }

    /// The metadata to send with the status.
    func trailingMetadata() -> GRPCMetadata { state.withLock { $0.trailing } }
}

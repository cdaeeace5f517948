public import HTTP2

/// The facts about a call for its handler, and the metadata of its response. May be used on any thread.
///
/// When the client leaves or the deadline passes, the handler's task is cancelled.
public struct GRPCContext: Sendable {
    let call: GRPCServerCall

    /// The full name of the method, such as `orders.v1.OrderService/PlaceOrder`.
    public var method: String { call.method.name }

    /// The client's end of the connection.
    public var peer: HTTP2Peer { call.stream.peer }

    /// When the client stops waiting; nil if it set no deadline.
    public var deadline: ContinuousClock.Instant? { call.deadline?.instant }

    /// The metadata of the request; read from the header fields at each use.
    public var metadata: GRPCMetadata { GRPCMetadata(call.stream.headers) }

    /// The first text value of a lower-case key, without reading the other keys; nil if there is none.
    public func metadata(_ key: StaticString) -> String? { call.stream.headers.first(key) }

    /// Adds a text value to the response's initial metadata. Has an effect until the first message is sent.
    public func addInitialMetadata(_ key: String, _ value: String) {
        call.responseMetadata.change { $0.initial.add(key, value) }
    }

    /// Adds a text value to the trailing metadata, which is sent with the status.
    public func addTrailingMetadata(_ key: String, _ value: String) {
        call.responseMetadata.change { $0.trailing.add(key, value) }
    }

    /// Adds a binary value to the trailing metadata. The key must end in `-bin`.
    public func addTrailingMetadata(_ key: String, binary value: [UInt8]) {
        call.responseMetadata.change { $0.trailing.add(key, binary: value) }
    }
}

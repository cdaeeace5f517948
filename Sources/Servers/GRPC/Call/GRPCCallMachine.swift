/// The order of events in one call: request messages, response messages, status.
///
/// Pure: no I/O, no clock, no logger. `GRPCServerCall` reports what the stream, the handler and the timers do, and
/// performs the action that is returned. The machine holds no bytes: frames are ranges in the driver's buffer.
///
/// Events that do not fit the state:
/// - An event after the end of the call, such as a late result or a late deadline, is harmless and returns `none`.
/// - A request that breaks gRPC's rules is the client's fault and returns `reject`, which ends the call.
/// - A message or a second end after the end of the request is our bug, because the session reports neither: it fails
///   an assertion.
struct GRPCCallMachine {
    /// The number of request messages that the method takes.
    enum Cardinality {
        /// One message; the handler starts when the request is complete.
        case one
        /// Any number; the handler reads messages as they come.
        case many
    }

    private enum State {
        case open(Request, Response)
        /// A status was sent, or the stream is closed.
        case ended
    }

    private enum Request {
        /// Cardinality one: no message has come.
        case awaited
        /// Cardinality one: the message has come, the end of the request has not.
        case held(GRPCDeframer.Frame)
        /// Cardinality many: messages go to the handler.
        case streaming
        case complete
    }

    /// The response's header block.
    enum HeaderBlock {
        /// Not sent yet. It is sent before the first message, or together with the status if there is no message.
        case due
        case sent
    }

    private typealias Response = HeaderBlock

    /// What the driver does about the request.
    enum RequestAction: Equatable {
        case none
        /// Start the handler with this message.
        case start(GRPCDeframer.Frame)
        /// Hand this message to the running handler.
        case deliver(GRPCDeframer.Frame)
        /// Tell the running handler that no message follows.
        case endRequests
        /// Let the client send as many bytes more.
        case grant(Int)
        /// Send the violation's status. The call has ended.
        case reject(Violation, HeaderBlock)
    }

    /// What the driver does about the response.
    enum ResponseAction: Equatable {
        case none
        /// Send a message.
        case send(HeaderBlock)
        /// Send the status OK. The call has ended.
        case finish(HeaderBlock)
        /// Send the status of an error. The call has ended.
        case fail(HeaderBlock)
        /// Send nothing, because the stream is closed. The call has ended.
        case abandon
    }

    /// A rule of gRPC that the request breaks.
    enum Violation {
        case noMessage
        case secondMessage
        case truncatedMessage

        /// The status for the client.
        var error: GRPCError {
            switch self {
            case .noMessage: GRPCError(.unimplemented, "no request message")
            case .secondMessage: GRPCError(.unimplemented, "more than one request message")
            case .truncatedMessage: GRPCError(.internal, "the request ends inside a message")
            }
        }
    }

    private var state: State
    private let cardinality: Cardinality
    /// Bytes that the client sent and may not send again yet.
    private var ungrantedBytes = 0
    private let queueLimitBytes: Int

    /// Fewer bytes are not granted in a request with one message: a small request ends before it needs them.
    static let smallestGrantBytes = 8 * 1024

    /// - Parameter queueLimitBytes: bytes of messages that wait for the handler before the client is granted no more.
    init(_ cardinality: Cardinality, queueLimitBytes: Int) {
        self.cardinality = cardinality
        self.queueLimitBytes = queueLimitBytes
        state = .open(cardinality == .one ? .awaited : .streaming, .due)
    }

    /// Whether no status was sent and the stream is open.
    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    // MARK: - The request

    /// A message came.
    mutating func received(_ frame: GRPCDeframer.Frame) -> RequestAction {
        guard case .open(let request, let response) = state else { return .none }
        switch request {
        case .awaited:
            state = .open(.held(frame), response)
            return .none
        case .held:
            return reject(.secondMessage, response)
        case .streaming:
            return .deliver(frame)
        case .complete:
            assertionFailure("a message after the end of the request")
            return .none
        }
    }

    /// Bytes came, and the messages among them were reported.
    ///
    /// - Parameter queuedBytes: bytes of messages that wait for the handler.
    mutating func receivedBytes(_ count: Int, queuedBytes: Int) -> RequestAction {
        guard isOpen else { return .grant(count) }
        ungrantedBytes += count
        return grant(queuedBytes: queuedBytes)
    }

    /// The handler took a message. Asked for only while `owesGrant`.
    mutating func tookMessage(queuedBytes: Int) -> RequestAction {
        isOpen ? grant(queuedBytes: queuedBytes) : .none
    }

    /// Whether the client waits for the handler to take messages.
    var owesGrant: Bool { isOpen && ungrantedBytes > 0 }

    private mutating func grant(queuedBytes: Int) -> RequestAction {
        let isDue =
            switch cardinality {
            case .one: ungrantedBytes >= Self.smallestGrantBytes
            case .many: queuedBytes <= queueLimitBytes
            }
        guard isDue, ungrantedBytes > 0 else { return .none }
        defer { ungrantedBytes = 0 }
        return .grant(ungrantedBytes)
    }

    /// The request is complete.
    ///
    /// - Parameter pendingBytes: bytes that follow its last complete message.
    mutating func receivedEnd(pendingBytes: Int) -> RequestAction {
        guard case .open(let request, let response) = state else { return .none }
        guard pendingBytes == 0 else { return reject(.truncatedMessage, response) }
        state = .open(.complete, response)
        switch request {
        case .awaited: return reject(.noMessage, response)
        case .held(let frame): return .start(frame)
        case .streaming: return .endRequests
        case .complete:
            assertionFailure("a second end of the request")
            return .none
        }
    }

    private mutating func reject(_ violation: Violation, _ header: HeaderBlock) -> RequestAction {
        state = .ended
        return .reject(violation, header)
    }

    // MARK: - The response

    /// The handler sends one of several messages.
    mutating func send() -> ResponseAction {
        guard case .open(let request, let header) = state else { return .none }
        state = .open(request, .sent)
        return .send(header)
    }

    /// The handler has succeeded. Its last message, if the driver has one, goes before the status.
    mutating func finish() -> ResponseAction {
        guard case .open(_, let header) = state else { return .none }
        state = .ended
        return .finish(header)
    }

    /// The handler failed, a timer has run out, or the request's bytes are wrong.
    mutating func fail() -> ResponseAction {
        guard case .open(_, let header) = state else { return .none }
        state = .ended
        return .fail(header)
    }

    /// The stream is closed.
    mutating func closed() -> ResponseAction {
        guard isOpen else { return .none }
        state = .ended
        return .abandon
    }
}

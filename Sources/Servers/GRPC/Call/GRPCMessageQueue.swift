import NIOConcurrencyHelpers
import NIOCore

/// The request messages on their way from the event loop to a streaming handler, which may run on any thread.
///
/// For one reader. The state under the lock decides; continuations are resumed after the lock is released.
final class GRPCMessageQueue: Sendable {
    private let state = NIOLockedValueBox(State())

    private struct State {
        var messages = CircularBuffer<[UInt8]>()
        var bytes = 0
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<[UInt8]?, any Error>?

        mutating func take() -> Step {
            if let message = messages.popFirst() {
                bytes -= message.count
                return .message(message)
            }
            if let end { return .end(end) }
            return .wait
        }
    }

    /// Bytes of messages that the reader has not taken.
    var queuedBytes: Int { state.withLockedValue { $0.bytes } }

    /// Adds a message. Has no effect after `finish`.
    func push(_ message: [UInt8]) {
        let reader = state.withLockedValue { state -> CheckedContinuation<[UInt8]?, any Error>? in
            guard state.end == nil else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            state.messages.append(message)
            state.bytes += message.count
            return nil
        }
        reader?.resume(returning: message)
    }

    /// Ends the queue: the reader gets the messages that wait, and then the result. With `now` they are dropped, and an
    /// error replaces the result of an earlier `finish`.
    func finish(_ result: Result<Void, any Error>, now: Bool = false) {
        let reader = state.withLockedValue { state -> CheckedContinuation<[UInt8]?, any Error>? in
            if now {
                state.messages.removeAll()
                state.bytes = 0
                if case .failure = result { state.end = result }
            }
            if state.end == nil { state.end = result }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(with: result.map { () -> [UInt8]? in nil })
    }

    private enum Step {
        case message([UInt8])
        case end(Result<Void, any Error>)
        case wait
    }

    /// The next message; nil after the last one. Throws the error of `finish`, and `CancellationError` when the
    /// reader's task is cancelled.
    func next() async throws -> [UInt8]? {
        let step = state.withLockedValue { $0.take() }
        switch step {
        case .message(let message): return message
        case .end(let result):
            try result.get()
            return nil
        case .wait:
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { wait($0) }
            } onCancel: {
                finish(.failure(CancellationError()), now: true)
            }
        }
    }

    private func wait(_ reader: CheckedContinuation<[UInt8]?, any Error>) {
        let step = state.withLockedValue { state -> Step in
            let step = state.take()
            guard case .wait = step else { return step }
            if state.reader != nil {
                return .end(.failure(GRPCError(.internal, "two readers of one request stream")))
            }
            state.reader = reader
            return .wait
        }
        switch step {
        case .message(let message): reader.resume(returning: message)
        case .end(let result): reader.resume(with: result.map { () -> [UInt8]? in nil })
        case .wait: break
        }
    }
}

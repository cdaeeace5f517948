import HTTP2
import NIOConcurrencyHelpers
import NIOCore

/// The way from a handler to its connection. May be used on any thread.
struct HTTP1Exchange: @unchecked Sendable {
    // The connection is used on its event loop only.
    private let connection: HTTP1ConnectionHandler
    private let eventLoop: any EventLoop
    private let number: UInt64

    init(connection: HTTP1ConnectionHandler, eventLoop: any EventLoop, number: UInt64) {
        self.connection = connection
        self.eventLoop = eventLoop
        self.number = number
    }

    /// Sends a response; returns when a streamed body is complete.
    nonisolated(nonsending) func send(_ response: HTTP1Response) async {
        guard case .stream(let produce) = response.body else {
            return onLoop { _ = $0.respond(response, to: number) }
        }
        let isWanted = await withCheckedContinuation { wanted in
            onLoop { wanted.resume(returning: $0.respond(response, to: number)) }
        }
        guard isWanted else { return }
        do {
            try await produce(HTTP1BodyWriter(exchange: self))
            onLoop { $0.finish(number, failed: false) }
        } catch {
            onLoop { $0.finish(number, failed: true) }
        }
    }

    func write(_ bytes: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { (writer: CheckedContinuation<Void, any Error>) in
            onLoop { $0.write(bytes, to: number, writer) }
        }
    }

    private func onLoop(_ body: @escaping @Sendable (HTTP1ConnectionHandler) -> Void) {
        if eventLoop.inEventLoop { body(connection) } else { eventLoop.execute { body(connection) } }
    }
}

/// Writes the body of a streamed response. May be used on any thread, by one writer at a time.
public struct HTTP1BodyWriter: Sendable {
    let exchange: HTTP1Exchange

    /// Sends bytes. Returns when there is room for more, so that a slow reader costs bounded memory. Throws
    /// `CancellationError` when the client has left.
    public func write(_ bytes: [UInt8]) async throws {
        try await exchange.write(bytes)
    }
}

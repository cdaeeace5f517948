import HTTP1
import HTTP2TestKit
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Answers with what it got. `/stream` sends a stream of three pieces, `/empty` 204, `/wait` nothing until the client
/// leaves.
final class ProbeApplication: HTTP1Application {
    private let refusalCount = Atomic(0)
    private let cancelled: AsyncStream<Void>.Continuation
    /// One element for each handler of `/wait` that was cancelled.
    let cancellations: AsyncStream<Void>

    init() {
        (cancellations, cancelled) = AsyncStream.makeStream()
    }

    var refusals: Int { refusalCount.load(ordering: .relaxed) }

    nonisolated(nonsending) func respond(to request: HTTP1Request) async -> HTTP1Response {
        switch request.target {
        case "/empty": return HTTP1Response(status: 204)
        case "/stream":
            return HTTP1Response(
                status: 200,
                body: .stream { writer in
                    for piece in ["one", "", "two", "three"] { try await writer.write(Array(piece.utf8)) }
                })
        case "/broken":
            return HTTP1Response(status: 200, body: .stream { _ in throw CancellationError() })
        case "/large": return HTTP1Response(status: 200, body: .bytes([UInt8](repeating: 0x61, count: 4_000_000)))
        case "/wait":
            // Ends when the task is cancelled.
            let (silence, continuation) = AsyncStream<Void>.makeStream()
            for await _ in silence {}
            withExtendedLifetime(continuation) {}
            cancelled.yield()
            return HTTP1Response(status: 200)
        default:
            let text = "\(request.method) \(request.target) \(String(decoding: request.body, as: UTF8.self))"
            return HTTP1Response(status: 200, fields: [("Content-Type", "text/plain")], body: .bytes(Array(text.utf8)))
        }
    }

    func refuse(_ refusal: HTTP1Refusal) -> HTTP1Response {
        refusalCount.wrappingAdd(1, ordering: .relaxed)
        return HTTP1Response(
            status: refusal.status, body: .bytes(Array("\(refusal.part): \(refusal.problem)".utf8)))
    }
}

/// Runs `body` beside a server on a free port, with one event loop of its own.
func withProbe<T: Sendable>(
    _ application: ProbeApplication = ProbeApplication(), limits: HTTP1Limits = HTTP1Limits(),
    _ body: (_ port: Int, _ server: HTTP1Server) async throws -> T
) async throws -> T {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = HTTP1Server(
        host: "127.0.0.1", port: 0, limits: limits, group: group, application: application,
        logger: Logger(label: "test"))
    let address = try await server.start()
    let result: Result<T, any Error>
    do {
        result = .success(try await body(address?.port ?? 0, server))
    } catch {
        result = .failure(error)
    }
    await server.shutdown()
    try await group.shutdownGracefully()
    return try result.get()
}

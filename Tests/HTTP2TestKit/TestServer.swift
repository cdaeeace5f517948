public import HTTP2
import Logging
import NIOCore
import NIOPosix
public import Testing

/// Runs `body` beside a server on a free port, with one event loop of its own.
public func withServer<T>(
    _ application: any HTTP2Application, limits: HTTP2Limits = HTTP2Limits(), tls: HTTP2TLSConfiguration? = nil,
    _ body: (_ port: Int, _ server: HTTP2Server) async throws -> T
) async throws -> T {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var limits = limits
    limits.drainTimeout = min(limits.drainTimeout, .seconds(2))
    let server = try HTTP2Server(
        configuration: HTTP2ServerConfiguration(tls: tls, limits: limits), group: group, application: application,
        logger: Logger(label: "test"))
    let address = try await server.start()
    let result: Result<T, any Error>
    do {
        result = .success(try await body(address.port ?? 0, server))
    } catch {
        result = .failure(error)
    }
    await server.shutdown()
    try await group.shutdownGracefully()
    return try result.get()
}

private let threads = {
    let pool = NIOThreadPool(numberOfThreads: 16)
    pool.start()
    return pool
}()

/// Runs a blocking conversation on a thread of its own, outside Swift's cooperative pool.
public func offPool<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await threads.runIfActive(body)
}

/// Expects two values to be equal; for values whose computation can throw, inside closures.
public func expectSame<T: Equatable>(_ found: T, _ wanted: T, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(found == wanted, sourceLocation: sourceLocation)
}

public import HTTP2
import Logging
import NIOCore
import NIOPosix

/// A server on a free port with one event loop of its own.
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

// A gRPC server with the health service, an echo and one page, to measure the HTTP/2 and gRPC layers without an
// application. Usage: http2-bench-server [port [event loops [certificate key]]]; the files are PEM, for TLS.

import Dispatch
import GRPC
import Glibc
import HTTP2
import Logging
import NIOCore
import NIOPosix

// SIGTERM drains the server; its default action would end the process in the middle of calls.
let (stopped, stop) = AsyncStream.makeStream(of: Void.self)
signal(SIGTERM, SIG_IGN)
let termination = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .main)
termination.setEventHandler { stop.finish() }
termination.resume()

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let group = MultiThreadedEventLoopGroup(numberOfThreads: arguments.dropFirst().first ?? 1)
var router = GRPCRouter()
router.health(GRPCHealth())
router.echo()
try router.reflection(descriptorSets: [])
let page = HTTP2RequestApplication { request in
    HTTP2Response(
        status: 200, fields: [("content-type", "text/plain")],
        body: .bytes(Array("\(request.method) \(request.path)\n".utf8)))
}
var configuration = HTTP2ServerConfiguration(port: arguments.first ?? 0)
if CommandLine.arguments.count > 4 {
    configuration.tls = HTTP2TLSConfiguration(
        certificateChainFile: CommandLine.arguments[3], privateKeyFile: CommandLine.arguments[4])
}
let server = try GRPCServer(
    configuration: configuration, group: group, router: router, http: page, logger: Logger(label: "bench"))
let address = try await server.start()
print("listening on \(address.port ?? 0)")
fflush(nil)

for await _ in stopped {}
await server.shutdown()

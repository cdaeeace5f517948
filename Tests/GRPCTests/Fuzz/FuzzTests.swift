import Foundation
import HTTP2TestKit
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import GRPC
@testable import HTTP2

/// Mutated sessions against the whole server side of a connection, without sockets: nothing crashes, hangs or leaks.
///
/// `FUZZ_SECONDS` sets how long it runs (2 by default), for a run with nothing beside it: the memory of the process is
/// watched then. `FUZZ_SEED` repeats a run.
@Suite struct FuzzTests {
    @Test func mutatedSessionsDoNoHarm() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["FUZZ_SECONDS"].flatMap { Double($0) } ?? 2
        let seed = environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        print("fuzzing HTTP/2 with FUZZ_SEED=\(seed)")
        let sessions = try await offPool {
            var mutator = Mutator(seed: seed, corpus: try Corpus.sessions())
            let end = ContinuousClock.now.advanced(by: .seconds(seconds))
            var sessions = 0
            var residentAfterWarmUp = 0
            while ContinuousClock.now < end {
                try Self.play(mutator.session(), &mutator)
                sessions += 1
                if sessions == 2_000 { residentAfterWarmUp = Self.residentBytes() }
            }
            // The memory of other tests is in the same process, so growth beside them proves nothing.
            if residentAfterWarmUp > 0, environment["FUZZ_SECONDS"] != nil {
                let growth = Self.residentBytes() - residentAfterWarmUp
                print("fuzzed \(sessions) sessions, resident memory grew by \(growth / 1_024) KiB")
                // Leaking one stream (over 1 KiB) per session would show in any long run.
                #expect(growth < 64 * 1_024 * 1_024)
            }
            return sessions
        }
        #expect(sessions > 0)
    }

    /// One connection from its begin to its end. All its objects must be freed afterwards.
    private static func play(_ bytes: [UInt8], _ mutator: inout Mutator) throws {
        let loop = EmbeddedEventLoop()
        let context = HTTP2LoopContext(eventLoop: loop)
        let page = HTTP2RequestApplication { _ in HTTP2Response(status: 200, body: .bytes([1, 2, 3])) }
        let application = GRPCApplication(router: EchoService.router(), http: page)
        weak var handler: HTTP2ConnectionHandler?
        do {
            let connection = HTTP2ConnectionHandler(
                limits: HTTP2Limits(), loop: context, application: application, isSecure: false,
                logger: Logger(label: "fuzz"))
            handler = connection
            let channel = EmbeddedChannel(handler: connection, loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            var rest = bytes[...]
            while !rest.isEmpty, channel.isActive {
                let piece = rest.prefix(1 + mutator.number(below: 2_000))
                rest = rest.dropFirst(piece.count)
                _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
                loop.advanceTime(by: .milliseconds(Int64(mutator.number(below: 30))))
                while try channel.readOutbound(as: ByteBuffer.self) != nil {}
            }
            _ = try? channel.finish(acceptAlreadyClosed: true)
            loop.run()
        }
        #expect(context.connections.isEmpty)
        try loop.syncShutdownGracefully()
        #expect(handler == nil)
    }

    private static func residentBytes() -> Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4_096
    }
}

import Dispatch
import NIOCore
import NIOPosix
import Testing

@testable import HTTP2

/// The list of work of an event loop.
@Suite struct HTTP2LoopContextTests {
    /// Resumes a task with its release.
    private final class Last: Sendable {
        private let waiting: CheckedContinuation<Void, Never>

        init(_ waiting: CheckedContinuation<Void, Never>) {
            self.waiting = waiting
        }

        deinit { waiting.resume() }
    }

    /// Gives the event loop a piece of work from another thread, with the last reference to an object.
    private static func deliver(_ last: consuming Last, to context: HTTP2LoopContext, by queue: DispatchQueue) {
        let last = last
        queue.async { context.call { withExtendedLifetime(last) {} } }
    }

    /// The release of the closure enqueues the next job of the task, while the event loop goes through its list.
    @Test func theReleaseOfAPieceMayEnqueueAnother() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let context = HTTP2LoopContext(eventLoop: group.next())
        await Task(executorPreference: context) {
            await withCheckedContinuation { waiting in
                let queue = DispatchQueue(label: "another thread")
                Self.deliver(Last(waiting), to: context, by: queue)
                // The event loop stands until the queue has given its own reference back.
                queue.sync {}
            }
        }.value
        try await group.shutdownGracefully()
    }

    @Test func callsOfAnotherThreadKeepTheirOrder() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let context = HTTP2LoopContext(eventLoop: group.next())
        let (numbers, continuation) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<1_000 { context.call { continuation.yield(number) } }
        context.call { continuation.finish() }
        var received: [Int] = []
        for await number in numbers { received.append(number) }
        #expect(received == Array(0..<1_000))
        try await group.shutdownGracefully()
    }
}

import Foundation
import Glibc
import Testing
import Threads

struct ThreadExecutorTests {
    @Test func jobsRunInOrderOnOneNamedThread() async throws {
        let executor = ThreadExecutor(name: "test-thread")
        defer { executor.shutdown() }
        let first = try await executor.run { pthread_self() }
        let second = try await executor.run { pthread_self() }
        #expect(first == second)
        #expect(first != pthread_self())
        let name = try await executor.run { try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }
        #expect(name == "test-thread\n")
    }

    @Test func errorsReachTheCaller() async {
        struct Refusal: Error {}
        let executor = ThreadExecutor(name: "test-thread")
        defer { executor.shutdown() }
        await #expect(throws: Refusal.self) { try await executor.run { throw Refusal() } }
    }

    @Test func jobsAfterShutdownAreRefusedInsteadOfHanging() async {
        let executor = ThreadExecutor(name: "test-thread")
        executor.shutdown()
        await #expect(throws: ThreadExecutorError.self) { try await executor.run {} }
    }

    @Test func anActorCanLiveOnTheThread() async throws {
        actor Resident {
            let executor: ThreadExecutor
            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
            init(executor: ThreadExecutor) { self.executor = executor }
            func thread() -> pthread_t { pthread_self() }
        }
        let executor = ThreadExecutor(name: "actor-thread")
        defer { executor.shutdown() }
        let expected = try await executor.run { pthread_self() }
        #expect(await Resident(executor: executor).thread() == expected)
    }

    @Test func wakeUpsCoalesceUntilDrained() throws {
        let wake = try WakeDescriptor()
        #expect(wake.drain() == false)
        wake.wake()
        wake.wake()
        #expect(wake.drain())
        #expect(wake.drain() == false)
    }
}

import Foundation
import Glibc
import Testing

@testable import Threads

struct ThreadExecutorTests {
    @Test func jobsRunInOrderOnOneNamedThread() async throws {
        let executor = try ThreadExecutor(name: "test-thread")
        defer { executor.shutdown() }
        let first = try await executor.run { pthread_self() }
        let second = try await executor.run { pthread_self() }
        #expect(first == second)
        #expect(first != pthread_self())
        let name = try await executor.run { try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }
        #expect(name == "test-thread\n")
    }

    @Test func errorsReachTheCaller() async throws {
        struct Refusal: Error {}
        let executor = try ThreadExecutor(name: "test-thread")
        defer { executor.shutdown() }
        await #expect(throws: Refusal.self) { try await executor.run { throw Refusal() } }
    }

    @Test func jobsAfterShutdownAreRefusedInsteadOfHanging() async throws {
        let executor = try ThreadExecutor(name: "test-thread")
        executor.shutdown()
        await #expect(throws: ThreadExecutorError.shutDown) { try await executor.run {} }
    }

    @Test func aThreadThatCannotBeStartedIsAnErrorThatNamesTheLimit() throws {
        let error = #expect(throws: ThreadExecutorError.self) {
            _ = try ThreadExecutor(name: "relay-lead", spawn: { _ in EAGAIN })
        }
        #expect(error == .cannotStart(name: "relay-lead", errno: EAGAIN))
        let text = "\(try #require(error))"
        #expect(text.hasPrefix("cannot start the thread relay-lead: Resource temporarily unavailable; "))
        for limit in ["ulimit -u", "TasksMax=", "pids.max"] { #expect(text.contains(limit), "\(text)") }
    }

    /// `pthread_create` itself refuses a stack larger than the address space. The reference that the thread would have
    /// taken must be released.
    @Test func aRefusalOfTheSystemReleasesWhatTheThreadWouldHaveTaken() throws {
        weak var start: ThreadStart?
        let error = #expect(throws: ThreadExecutorError.self) {
            _ = try ThreadExecutor(
                name: "huge",
                spawn: { given in
                    start = given
                    return startDetachedThread(given, stackBytes: 1 << 50)
                })
        }
        #expect(error == .cannotStart(name: "huge", errno: EAGAIN))
        #expect(start == nil)
    }

    @Test func anActorCanLiveOnTheThread() async throws {
        actor Resident {
            let executor: ThreadExecutor
            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
            init(executor: ThreadExecutor) { self.executor = executor }
            func thread() -> pthread_t { pthread_self() }
        }
        let executor = try ThreadExecutor(name: "actor-thread")
        defer { executor.shutdown() }
        let expected = try await executor.run { pthread_self() }
        #expect(await Resident(executor: executor).thread() == expected)
    }
}

import Glibc
import Synchronization
import Testing
import Threads

/// Waits for descriptors: deadlines, signals, wake-ups.
struct WaitTests {
    @Test func wakeUpsCoalesceUntilDrained() throws {
        let wake = try WakeDescriptor()
        #expect(wake.drain() == false)
        wake.wake()
        wake.wake()
        #expect(wake.drain())
        #expect(wake.drain() == false)
    }

    @Test func aWaitTakesTheWakeUpOrLeavesIt() throws {
        let wake = try WakeDescriptor()
        wake.wake()
        wake.waitWithoutTaking(until: nil)
        #expect(wake.wait(until: nil))
        #expect(wake.wait(until: .now) == false)
    }

    @Test func aDeadlineIsNeverUndercut() throws {
        let wake = try WakeDescriptor()
        for microseconds in [1, 900, 1100, 2500] {
            let deadline = ContinuousClock.now + .microseconds(microseconds)
            #expect(wake.wait(until: deadline) == false)
            #expect(ContinuousClock.now >= deadline)
        }
        let past = ContinuousClock.now - .seconds(1)
        #expect(wake.wait(until: past) == false)
    }

    @Test func aSignalDoesNotEndAWait() async throws {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGURG, &action, nil)
        let wake = try WakeDescriptor()
        let executor = try ThreadExecutor(name: "test-wait")
        defer { executor.shutdown() }
        let thread = try await executor.run { pthread_self() }
        let hasReturned = Atomic(false)
        async let isWoken = executor.run {
            defer { hasReturned.store(true, ordering: .releasing) }
            return wake.wait(until: nil)
        }
        // Each signal interrupts poll if the thread is in it by then, as it is after the first few.
        for _ in 0..<50 {
            pthread_kill(thread, SIGURG)
            PollLoop.pause(until: .now + .milliseconds(1))
        }
        let returnedEarly = hasReturned.load(ordering: .acquiring)
        #expect(!returnedEarly)
        wake.wake()
        #expect(try await isWoken)
    }

    @Test func aDescriptorThatIsNotOpenIsReadyForItsError() {
        var descriptors = [
            pollfd(fd: -1, events: Int16(POLLIN), revents: 0), pollfd(fd: 1_000_000, events: Int16(POLLIN), revents: 0),
        ]
        #expect(PollLoop.wait(&descriptors, until: nil) == .ready)
        #expect(descriptors.map(\.revents) == [0, Int16(POLLNVAL)])
    }

    @Test func millisecondsAreRoundedUpAndFitIntoAnInt() {
        #expect(Duration.nanoseconds(1).pollMilliseconds == 1)
        #expect(Duration.milliseconds(7).pollMilliseconds == 7)
        #expect(Duration.microseconds(7001).pollMilliseconds == 8)
        #expect(Duration.zero.pollMilliseconds == 0)
        #expect(Duration.seconds(-3).pollMilliseconds == 0)
        #expect(Duration.nanoseconds(-3).pollMilliseconds == 0)
        #expect(Duration.seconds(Int64.max).pollMilliseconds == 2_000_000_000)
    }
}

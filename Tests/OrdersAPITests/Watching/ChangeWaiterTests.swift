import Testing

@testable import OrdersAPI

struct ChangeWaiterTests {
    @Test func aWakeBeforeTheWaitIsNotLost() async throws {
        let waiter = ChangeWaiter()
        waiter.wake(.changed)
        waiter.wake(.changed)
        waiter.wake(.quiet)
        #expect(try await waiter.wait() == .changed)
        waiter.wake(.quiet)
        #expect(try await waiter.wait() == .quiet)
    }

    @Test func aWaitIsWoken() async throws {
        let waiter = ChangeWaiter()
        async let wake = waiter.wait()
        waiter.wake(.changed)
        #expect(try await wake == .changed)
    }

    @Test func cancellationEndsAWait() async throws {
        let waiter = ChangeWaiter()
        let task = Task { try await waiter.wait() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func closingIsForGood() async throws {
        let waiter = ChangeWaiter()
        waiter.wake(.closed)
        #expect(try await waiter.wait() == .closed)
        #expect(try await waiter.wait() == .closed)
    }
}

import Testing

@testable import EventStore

/// Answer, caller and cancellation in every sequence.
struct ReplyTests {
    @Test func theAnswerMayComeBeforeTheCaller() async throws {
        let reply = Reply<Int>()
        reply.finish(.success(7))
        let value = try await reply.await { Issue.record("started though answered") }.get()
        #expect(value == 7)
    }

    @Test func theAnswerMayComeAfterTheCaller() async throws {
        let reply = Reply<Int>()
        let value = try await reply.await {
            #expect(reply.claim())
            reply.finish(.success(7))
        }.get()
        #expect(value == 7)
    }

    @Test func aCallerThatLeavesFirstIsDropped() async {
        let reply = Reply<Int>()
        reply.cancel()
        #expect(!reply.claim())
        await expectError(.cancelled) { _ = try await reply.await { Issue.record("started though cancelled") }.get() }
    }

    @Test func aCallerThatLeavesWhileWaitingIsAnsweredAtOnce() async {
        let reply = Reply<Int>()
        let caller = Task { await reply.await {} }
        caller.cancel()
        await expectError(.cancelled) { _ = try await caller.value.get() }
        #expect(!reply.claim())
        reply.finish(.success(7))
    }

    @Test func aCallerThatLeavesAfterTheClaimLearnsTheOutcome() async throws {
        let reply = Reply<Int>()
        #expect(reply.claim())
        reply.cancel()
        reply.finish(.success(7))
        let value = try await reply.await {}.get()
        #expect(value == 7)
    }

    @Test func aSecondAnswerHasNoEffect() async throws {
        let reply = Reply<Int>()
        reply.finish(.success(7))
        reply.finish(.success(8))
        let value = try await reply.await {}.get()
        #expect(value == 7)
    }
}

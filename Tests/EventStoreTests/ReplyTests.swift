import Synchronization
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

    @Test func aFunctionGetsTheAnswerThatIsThere() {
        let answers = Mutex<[Int]>([])
        let reply = Reply<Int>.answered(.success(7))
        reply.whenAnswered { outcome in answers.withLock { $0.append((try? outcome.get()) ?? -1) } }
        #expect(answers.withLock { $0 } == [7])
    }

    @Test func aFunctionGetsTheAnswerThatComes() {
        let answers = Mutex<[Int]>([])
        let reply = Reply<Int>()
        reply.whenAnswered { outcome in answers.withLock { $0.append((try? outcome.get()) ?? -1) } }
        #expect(reply.claim())
        reply.cancel()
        #expect(answers.withLock { $0 } == [])
        reply.finish(.success(7))
        reply.finish(.success(8))
        #expect(answers.withLock { $0 } == [7])
    }

    @Test func aFunctionGetsTheCancellation() {
        let answers = Mutex<[Int]>([])
        let reply = Reply<Int>()
        reply.whenAnswered { outcome in answers.withLock { $0.append((try? outcome.get()) ?? -1) } }
        reply.cancel()
        reply.finish(.success(7))
        #expect(!reply.claim())
        #expect(answers.withLock { $0 } == [-1])
    }

    @Test func theStoreIsToldOfTheAnswerOnceAndFirst() async {
        let steps = Mutex<[String]>([])
        let reply = Reply<Int> { steps.withLock { $0.append("answered") } }
        reply.whenAnswered { _ in steps.withLock { $0.append("caller") } }
        reply.finish(.success(7))
        reply.cancel()
        #expect(steps.withLock { $0 } == ["answered", "caller"])
    }

    @Test func aSecondAnswerHasNoEffect() async throws {
        let reply = Reply<Int>()
        reply.finish(.success(7))
        reply.finish(.success(8))
        let value = try await reply.await {}.get()
        #expect(value == 7)
    }
}

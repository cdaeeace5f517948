import Testing

@testable import EventStore

struct GatherQueueTests {
    @Test func theFirstRequestStartsTheWorkerAndTheOthersGather() {
        var queue = GatherQueue<Int>(bound: 10)
        #expect(queue.offer(1) == .accepted(startWorker: true))
        #expect(queue.take(5) == [1])
        #expect(queue.offer(2) == .accepted(startWorker: false))
        #expect(queue.offer(3) == .accepted(startWorker: false))
        #expect(queue.take(5) == [2, 3])
        #expect(queue.take(5) == [])
        #expect(queue.offer(4) == .accepted(startWorker: true))
    }

    @Test func batchesAreBoundedAndInOrder() {
        var queue = GatherQueue<Int>(bound: 10)
        for number in 0..<5 { _ = queue.offer(number) }
        #expect(queue.take(2) == [0, 1])
        #expect(queue.take(2) == [2, 3])
        #expect(queue.take(2) == [4])
    }

    @Test func aWorkerThatHoldsRequestsGoesOn() {
        var queue = GatherQueue<Int>(bound: 10)
        _ = queue.offer(1)
        _ = queue.take(5)
        #expect(queue.take(5, workerHoldsSome: true) == [])
        #expect(queue.offer(2) == .accepted(startWorker: false))
    }

    @Test func theBoundRefuses() {
        var queue = GatherQueue<Int>(bound: 2)
        _ = queue.offer(1)
        _ = queue.offer(2)
        #expect(queue.offer(3) == .refused(.full))
        _ = queue.take(1)
        #expect(queue.offer(3) == .accepted(startWorker: false))
    }

    @Test func nobodyWaitsWhilePostgresIsAway() {
        var queue = GatherQueue<Int>(bound: 10)
        _ = queue.offer(1)
        _ = queue.take(1)
        _ = queue.offer(2)
        #expect(queue.goDown("gone") == [2])
        #expect(queue.offer(3) == .refused(.down("gone")))
        #expect(queue.goDown("still gone") == [])
        #expect(!queue.isUp)
        queue.comeUp()
        #expect(queue.offer(4) == .accepted(startWorker: false))
    }

    @Test func closingRefusesButFinishesWhatWaits() {
        var queue = GatherQueue<Int>(bound: 10)
        _ = queue.offer(1)
        queue.close()
        #expect(queue.offer(2) == .refused(.closed))
        queue.comeUp()
        #expect(queue.offer(2) == .refused(.closed))
        #expect(queue.take(5) == [1])
    }
}

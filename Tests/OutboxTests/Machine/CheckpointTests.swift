import Testing

@testable import Outbox

struct CheckpointTests {
    @Test func readsPostgresText() throws {
        let snapshot = try #require(Snapshot("10:20:10,14"))
        #expect(snapshot.xmax == 20)
        #expect(snapshot.inProgress == [10, 14])
        #expect(snapshot.sees(9) && snapshot.sees(11))
        #expect(!snapshot.sees(14) && !snapshot.sees(20))
        #expect(snapshot.inProgressArray == "{10,14}")
    }

    @Test func anEmptyListIsNoTransactionInProgress() throws {
        let snapshot = try #require(Snapshot("5:5:"))
        #expect(snapshot.inProgress.isEmpty && snapshot.inProgressArray == "{}")
    }

    @Test(arguments: ["", "1:2", "1:2:x", "a:2:", "1:b:", "1:2:3:4"])
    func refusesOtherText(_ text: String) {
        #expect(Snapshot(text) == nil)
    }
}

/// A checkpoint only moves forward.
struct CheckpointMoveTests {
    private let draining = Checkpoint.test(draining: "10:20:", drainedThrough: 70)

    @Test func movesOfARelayGoForward() {
        #expect(Checkpoint.test(draining: "10:20:", drainedThrough: 80).follows(draining))
        // The cut is finished, with or without another one.
        var next = draining
        next.published = Snapshot("10:20:")!
        next.draining = nil
        next.drainedThrough = 0
        #expect(next.follows(draining))
        next.cut += 1
        next.draining = Snapshot("10:30:")
        #expect(next.follows(draining))
        #expect(!draining.follows(next))
    }

    @Test func noPartGoesBack() {
        #expect(!Checkpoint.test(draining: "10:20:", drainedThrough: 69).follows(draining))
        #expect(!Checkpoint.test(draining: "10:19:", drainedThrough: 70).follows(draining))
        var other = draining
        other.cut -= 1
        #expect(!other.follows(draining))
        other = draining
        other.epoch -= 1
        #expect(!other.follows(draining))
    }
}

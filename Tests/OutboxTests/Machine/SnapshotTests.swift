import Testing

@testable import Outbox

struct SnapshotTests {
    @Test func readsPostgresText() throws {
        let snapshot = try #require(Snapshot("10:20:10,14"))
        #expect(snapshot.xmax == 20)
        #expect(snapshot.inProgress == [10, 14])
        #expect(snapshot.sees(9) && snapshot.sees(11))
        #expect(!snapshot.sees(14) && !snapshot.sees(20))
        #expect(snapshot.inProgressArray == "{10,14}")
    }

    @Test func anEmptyListIsNobodyInProgress() throws {
        let snapshot = try #require(Snapshot("5:5:"))
        #expect(snapshot.inProgress.isEmpty && snapshot.inProgressArray == "{}")
    }

    @Test(arguments: ["", "1:2", "1:2:x", "a:2:", "1:b:", "1:2:3:4"])
    func refusesOtherText(_ text: String) {
        #expect(Snapshot(text) == nil)
    }
}

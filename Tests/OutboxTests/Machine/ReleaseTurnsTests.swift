import Testing

@testable import Outbox

/// Which key is next among those that are being released, and how many of its rows go together.
struct ReleaseTurnsTests {
    private let one = OutboxKey(aggregateType: "order", aggregateID: "one")
    private let two = OutboxKey(aggregateType: "order", aggregateID: "two")
    private let three = OutboxKey(aggregateType: "order", aggregateID: "three")
    private let all = OutboxLimits.heldRowsPerRead

    @Test func keysTakeTurnsAlsoAcrossCuts() {
        var turns = ReleaseTurns(.atLeastOnce)
        turns.ask([one, two])
        #expect(turns.next() == one)
        // A cut comes, and an operator asks for another key.
        turns.ask([one, two, three])
        #expect(next(4, &turns) == [two, one, three, two])
        turns.ended(one)
        #expect(next(2, &turns) == [three, two])
        turns.ended(two)
        turns.ended(three)
        #expect(turns.isEmpty)
        #expect(turns.next() == nil)
    }

    @Test func aKeyThatIsNotAskedForAnyMoreBeginsAnew() {
        var turns = ReleaseTurns(.atLeastOnce)
        turns.ask([one])
        turns.published(one, through: 40)
        #expect(turns.chunk(of: one) == (40, all))
        turns.ask([two])
        turns.ask([one, two])
        #expect(turns.chunk(of: one) == (0, all))
    }

    @Test func atLeastOnceTheRefusedRowIsSearchedForOneByOne() {
        var turns = ReleaseTurns(.atLeastOnce)
        turns.ask([one])
        turns.published(one, through: 40)
        #expect(turns.refused(one, rows: 10, through: 50) == false)
        #expect(turns.chunk(of: one) == (40, 1))
        turns.published(one, through: 41)
        #expect(turns.chunk(of: one) == (41, 1))
        #expect(turns.refused(one, rows: 1, through: 42) == true)
    }

    @Test func rowsGoTogetherAgainBehindThePlaceOfTheRefusal() {
        var turns = ReleaseTurns(.atLeastOnce)
        turns.ask([one])
        #expect(turns.refused(one, rows: 10, through: 50) == false)
        turns.published(one, through: 49)
        #expect(turns.chunk(of: one) == (49, 1))
        turns.published(one, through: 50)
        #expect(turns.chunk(of: one) == (50, all))
    }

    @Test func transactionsAreHalvedUntilTheRowIsAlone() {
        var turns = ReleaseTurns(.exactlyOnce)
        turns.ask([one])
        #expect(turns.refused(one, rows: 10, through: 50) == false)
        #expect(turns.chunk(of: one).rows == 5)
        turns.published(one, through: 45)
        #expect(turns.refused(one, rows: 5, through: 50) == false)
        #expect(turns.refused(one, rows: 2, through: 47) == false)
        // The first refusal's place counts, not the last one's.
        turns.published(one, through: 47)
        #expect(turns.chunk(of: one) == (47, 1))
        #expect(turns.refused(one, rows: 1, through: 48) == true)
    }

    private func next(_ count: Int, _ turns: inout ReleaseTurns) -> [OutboxKey?] {
        var keys: [OutboxKey?] = []
        for _ in 0..<count { keys.append(turns.next()) }
        return keys
    }
}

import Testing

@testable import Outbox

/// What counts as one key.
struct OutboxRowTests {
    /// Two ids that Postgres tells apart and Swift's strings do not: composed and decomposed.
    @Test func keysThatLookAlikeAreDifferentKeys() {
        let composed = OutboxKey(aggregateType: "order", aggregateID: "caf\u{E9}")
        let decomposed = OutboxKey(aggregateType: "order", aggregateID: "cafe\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(
            OutboxKey(aggregateType: "caf\u{E9}", aggregateID: "a")
                != OutboxKey(aggregateType: "cafe\u{301}", aggregateID: "a"))
        #expect(composed == OutboxKey(aggregateType: "order", aggregateID: "caf\u{E9}"))
    }
}

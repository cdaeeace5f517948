import Testing

@testable import Outbox

struct OutboxLimitsTests {
    @Test func boundsFitEachOther() { #expect(OutboxLimits.areConsistent) }
}

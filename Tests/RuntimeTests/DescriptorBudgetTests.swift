import Testing

@testable import Runtime

struct DescriptorBudgetTests {
    @Test func listenersShareWhatTheReserveLeaves() {
        #expect(DescriptorBudget.share(of: 96, reserve: 50, listeners: 2, most: 10_000) == 23)
        #expect(DescriptorBudget.share(of: 1_000_000, reserve: 50, listeners: 2, most: 10_000) == 10_000)
    }

    @Test func aPoorListenerKeepsAFewConnections() {
        #expect(DescriptorBudget.share(of: 20, reserve: 50, listeners: 1, most: 64) == RuntimeLimits.leastConnections)
    }
}

import Operations
import Testing

@testable import Console

/// The rate of the clients' requests, from two readings of the order service's metrics.
@Suite struct ServerReadingTests {
    private func reading(_ counts: [Int], at seconds: Int64) -> ServerReading? {
        let lines = counts.enumerated().map {
            #"orders_requests_total{face="rest",method="m\#($0.offset)",status="200"} \#($0.element)"#
        }
        let text = (["# TYPE orders_requests_total counter", "orders_requests_total_x 9"] + lines).joined(
            separator: "\n")
        return ServerReading(text, at: Moment(microseconds: seconds * 1_000_000))
    }

    @Test func requestsOfAllMethodsAreCounted() throws {
        var later = try #require(reading([30, 12, 3], at: 14))
        #expect(later.requests == 45 && later.perSecond == nil)
        later.compare(with: reading([20, 5], at: 10))
        #expect(later.perSecond == 5)
    }

    @Test func aServiceThatWasRestartedHasNoRateYet() throws {
        var later = try #require(reading([3], at: 14))
        later.compare(with: reading([20], at: 10))
        #expect(later.perSecond == nil)
        later.compare(with: nil)
        #expect(later.perSecond == nil)
        #expect(reading([], at: 1) == nil)
    }
}

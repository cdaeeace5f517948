import Postgres
import Testing
import Values

@testable import EventStore

struct StateCacheTests {
    private func head(_ version: Int64) -> StreamHead {
        StreamHead(version: version)
    }

    @Test func shortHistoriesAreNotKept() {
        var cache = StateCache(bound: 10, minimumEvents: 3)
        cache.keep(head(2), of: ExactText("short"))
        cache.keep(head(3), of: ExactText("long"))
        #expect(cache.head(of: ExactText("short")) == nil)
        #expect(cache.head(of: ExactText("long"))?.version == 3)
    }

    @Test func theLeastRecentlyUsedMakesRoom() {
        var cache = StateCache(bound: 2, minimumEvents: 1)
        cache.keep(head(1), of: ExactText("a"))
        cache.keep(head(1), of: ExactText("b"))
        _ = cache.head(of: ExactText("a"))
        cache.keep(head(1), of: ExactText("c"))
        #expect(cache.head(of: ExactText("b")) == nil)
        #expect(cache.head(of: ExactText("a")) != nil)
        #expect(cache.count == 2)
    }

    @Test func forgettingForgets() {
        var cache = StateCache(bound: 2, minimumEvents: 1)
        cache.keep(head(1), of: ExactText("a"))
        cache.forget(ExactText("a"))
        #expect(cache.head(of: ExactText("a")) == nil)
    }
}

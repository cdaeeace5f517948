import Testing
import Threads

struct BackoffTests {
    @Test func thePauseDoublesUpToItsBoundAndStartsAnewAfterASuccess() {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
        #expect(backoff.pause == .zero)
        let pauses = (0..<6).map { _ in backoff.failed() }
        #expect(pauses == [100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
        #expect(backoff.failures == 6)
        backoff.succeeded()
        #expect(backoff.pause == .zero)
        #expect(backoff.failed() == .milliseconds(100))
    }

    @Test func manyFailuresDoNotOverflow() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(3600))
        for _ in 0..<10_000 { _ = backoff.failed() }
        #expect(backoff.pause == .seconds(3600))
    }
}

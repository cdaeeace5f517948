import Testing

@testable import Payments

@Suite struct OffsetWindowTests {
    @Test func onlyTheContiguousFrontIsCommittable() {
        let window = Window(startingAt: 10)
        for offset in Int64(10)..<15 { #expect(window.add(offset)) }
        window.finish(12)
        #expect(window.committable == 10)
        window.finish(10)
        #expect(window.committable == 11)
        window.finish(11)
        #expect(window.committable == 13)
        window.finish(14)
        window.finish(13)
        #expect(window.committable == 15)
    }

    @Test func offsetsMayHaveHoles() {
        let window = Window(startingAt: 0)
        #expect(window.add(3))
        #expect(window.add(7))
        window.finish(3)
        #expect(window.committable == 4)
        window.finish(7)
        #expect(window.committable == 8)
    }

    @Test func whatWasReadBeforeIsRefused() {
        let window = Window(startingAt: 5)
        #expect(!window.add(4))
        #expect(window.add(5))
        #expect(!window.add(5))
        window.finish(5)
        #expect(!window.add(5))
        #expect(window.add(6))
    }

    @Test func finishingInAnyOrderEndsAtTheLast() {
        var generator = SystemRandomNumberGenerator()
        let window = Window(startingAt: 0)
        for offset in Int64(0)..<2_000 { #expect(window.add(offset)) }
        for offset in (Int64(0)..<2_000).shuffled(using: &generator) { window.finish(offset) }
        #expect(window.committable == 2_000)
    }
}

/// A window that `#expect` can ask to change.
private final class Window {
    private var window: OffsetWindow

    init(startingAt offset: Int64) { window = OffsetWindow(startingAt: offset) }

    func add(_ offset: Int64) -> Bool { window.add(offset) }
    func finish(_ offset: Int64) { window.finish(offset) }
    var committable: Int64 { window.committable }
}

import Testing

@testable import OutboxKafka

/// Conversations with the window: when messages found no room, and how long one of them took.
struct SendWindowTests {
    private let start = ContinuousClock.now

    @Test func aWindowThatIsNeverFullStaysSmall() {
        var window = SendWindow()
        for _ in 0..<1_000 { window.queued(bytes: 200) }
        #expect(!window.wantsProbe)
        #expect(window.messages == SendWindow.leastMessages)
    }

    /// Sixty-four partitions, five requests in twenty milliseconds: a message waits for requests, whatever the window.
    @Test func aTurnThatDoesNotGrowWithTheWindowOpensIt() {
        var broker = Broker(start, latency: .milliseconds(256), perMessage: .microseconds(1))
        #expect((15_000...16_000).contains(broker.turn()), "\(broker.window.messages)")
        // As many messages as their memory allows.
        for _ in 0..<3 { _ = broker.turn() }
        #expect((29_900...31_400).contains(broker.window.messages), "\(broker.window.messages)")
    }

    /// A broker that needs its time for the messages gains nothing by more of them than a tenth of a second's.
    @Test func aTurnThatGrowsWithTheWindowKeepsItSmall() {
        var broker = Broker(start, latency: .milliseconds(3), perMessage: .microseconds(4))
        for _ in 0..<10 { _ = broker.turn() }
        #expect((23_500...24_500).contains(broker.window.messages), "\(broker.window.messages)")
    }

    @Test func aSlowBrokerHasNoMoreThanTwoSecondsOfMessages() {
        var broker = Broker(start, latency: .milliseconds(100), perMessage: .milliseconds(0.2))
        for _ in 0..<10 { _ = broker.turn() }
        #expect((9_000...9_900).contains(broker.window.messages), "\(broker.window.messages)")
    }

    @Test func theSettingIsTheUpperBound() {
        var broker = Broker(start, latency: .milliseconds(256), perMessage: .zero, most: 7_000)
        #expect(broker.turn() == 7_000)
        #expect(SendWindow(most: 10).messages == 10)
    }

    @Test func largeMessagesAreBoundedByTheirBytes() {
        var broker = Broker(start, latency: .milliseconds(256), perMessage: .zero, bytes: 10_000)
        for _ in 0..<5 { _ = broker.turn() }
        #expect((3_600...3_800).contains(broker.window.messages), "\(broker.window.messages)")
    }

    /// The network became slower while the window was large: the latency is measured anew at the smallest window.
    @Test func aLatencyThatGrowsIsFound() {
        var broker = Broker(start, latency: .milliseconds(3), perMessage: .microseconds(4))
        for _ in 0..<5 { _ = broker.turn() }
        broker.latency = .milliseconds(256)
        for _ in 0..<20 { _ = broker.turn() }
        #expect(broker.window.messages > 29_000, "\(broker.window.messages)")
    }

    @Test func aWindowThatRestedBeginsAnew() {
        var broker = Broker(start, latency: .milliseconds(256), perMessage: .microseconds(1))
        for _ in 0..<3 { _ = broker.turn() }
        broker.now += SendWindow.rest + .seconds(1)
        broker.window.full(at: broker.now)
        #expect(broker.window.messages == SendWindow.leastMessages)
    }

    @Test func oneMessageIsMeasuredAtATime() {
        var window = SendWindow()
        window.full(at: start)
        #expect(window.wantsProbe)
        window.measure(7, at: start)
        window.full(at: start)
        #expect(!window.wantsProbe && window.probe == 7)
        window.arrived(at: start + .milliseconds(10))
        #expect(window.probe == nil && window.messages == 20_000)
    }

    /// A broker whose answer takes `latency`, and `perMessage` for each message in the window.
    private struct Broker {
        var window: SendWindow
        var now: ContinuousClock.Instant
        var latency: Duration
        let perMessage: Duration
        let bytes: Int

        init(
            _ start: ContinuousClock.Instant, latency: Duration, perMessage: Duration, most: Int = 50_000,
            bytes: Int = 100
        ) {
            window = SendWindow(most: most)
            now = start
            (self.latency, self.perMessage, self.bytes) = (latency, perMessage, bytes)
        }

        /// A full window passes; the next window.
        mutating func turn() -> Int {
            window.full(at: now)
            window.measure(0, at: now)
            for _ in 0..<window.messages { window.queued(bytes: bytes) }
            now += latency + perMessage * window.messages
            window.arrived(at: now)
            return window.messages
        }
    }
}

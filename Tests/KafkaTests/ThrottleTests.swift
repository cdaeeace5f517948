import Testing

@testable import Kafka

struct ThrottleTests {
    @Test func theSlowestBrokerIsNamedAndTheBeginningIsNewsOnce() {
        let throttle = KafkaThrottle()
        #expect(throttle.text == nil && throttle.delay == .zero)
        let news = throttle.note(.throttled(broker: "a:1", delay: .seconds(3_600)))
        #expect(news == "Kafka throttles by quota: a:1 delays the next request by 3600000 ms")
        #expect(throttle.note(.throttled(broker: "b:1", delay: .seconds(7_200))) == nil)
        #expect(throttle.delay == .seconds(7_200) && throttle.total == 2)
        #expect(throttle.text?.contains("b:1") == true)
    }

    /// The connection to the group's coordinator is not delayed, and is another one to the same broker.
    @Test func anotherConnectionDoesNotEndADelayThatLasts() {
        let throttle = KafkaThrottle()
        _ = throttle.note(.throttled(broker: "a:1", delay: .seconds(3_600)))
        _ = throttle.note(.throttled(broker: "a:1", delay: .zero))
        #expect(throttle.delay == .seconds(3_600))
        _ = throttle.note(.throttled(broker: "b:1", delay: .nanoseconds(1)))
        _ = throttle.note(.throttled(broker: "b:1", delay: .zero))
        #expect(throttle.text?.contains("a:1") == true)
    }

    @Test func theEndIsTold() {
        let throttle = KafkaThrottle()
        _ = throttle.note(.throttled(broker: "a:1", delay: .nanoseconds(1)))
        #expect(throttle.text != nil)
        _ = throttle.note(.throttled(broker: "a:1", delay: .zero))
        #expect(throttle.text == nil && throttle.total == 1)
    }

    @Test func brokersThatAreOverAreForgotten() {
        let throttle = KafkaThrottle()
        for number in 0..<100 {
            _ = throttle.note(.throttled(broker: "old-\(number):1", delay: .nanoseconds(1)))
            _ = throttle.note(.throttled(broker: "old-\(number):1", delay: .zero))
        }
        _ = throttle.note(.throttled(broker: "a:1", delay: .seconds(3_600)))
        #expect(throttle.brokerCount == 1 && throttle.text?.contains("a:1") == true)
    }
}

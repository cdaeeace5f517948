import Kafka

/// How many messages may wait in librdkafka without a report: as many as keep the brokers busy, and no more.
///
/// A request carries what has gathered for one partition, each request costs something, and five are under way at most.
/// So more messages make larger requests, until the time goes into the messages themselves. The window follows rate and
/// latency: it holds what the brokers acknowledge in ``headroom`` times the latency, measured at the smallest window,
/// where a message waits for requests and hardly for other messages; and at least what they acknowledge in
/// ``shortestTurn``.
///
/// A *turn* is the way of one message that is queued behind a full window, from then to its report. The rate is the
/// window divided by the turn.
///
/// Pure: it is told the time. A window that is never full says nothing about the brokers and stays what it is.
struct SendWindow: Sendable {
    /// Messages that may wait. Between ``leastMessages`` and the most that the settings allow.
    private(set) var messages: Int
    /// The message whose turn is being measured; nil if there is none.
    private(set) var probe: UInt64?
    private var probedAt = ContinuousClock.now
    /// The window was full, and the next message that is queued is measured.
    private(set) var wantsProbe = false
    /// The turn at the smallest window; nil before it was measured.
    private var latency: Duration?
    private var lastFull: ContinuousClock.Instant?
    /// The mean memory of the last messages, in bytes.
    private var bytesPerMessage = 0
    private let least: Int
    private let most: Int

    /// Messages in the smallest window: a few requests.
    static let leastMessages = 2_000
    /// Messages in the largest window, unless `queue.buffering.max.messages` sets another number.
    static let mostMessages = 50_000
    /// Bytes that librdkafka needs for the messages in the window, by estimate.
    static let mostBytes = 40 << 20
    /// The factor to the latency. A seventh of the time of a turn at the full window is then the requests' own.
    static let headroom = 8.0
    /// The window holds what the brokers acknowledge in this time even if their latency is much shorter: larger
    /// requests cost them, and us, less per message.
    static let shortestTurn = Duration.milliseconds(100)
    /// The longest turn that the window grows for: what it holds is published late if the brokers stop for a while, and
    /// twice if another relay takes over.
    static let longestTurn = Duration.seconds(2)
    /// A window that was not full for so long begins anew.
    static let rest = Duration.seconds(5)
    /// What librdkafka needs for a message besides payload, key and headers: its own fields, an allocation for each
    /// header, and what the allocator keeps. Measured: 1,840 bytes of resident memory for a message of 150 bytes.
    static let bytesBesides = 1_300

    /// - Parameter most: the messages that librdkafka queues at most.
    init(most: Int = Self.mostMessages) {
        self.most = max(1, most)
        least = min(Self.leastMessages, self.most)
        messages = least
    }

    /// A message found no room.
    mutating func full(at now: ContinuousClock.Instant) {
        if let lastFull, now - lastFull > Self.rest { begin() }
        lastFull = now
        wantsProbe = probe == nil
    }

    private mutating func begin() {
        messages = least
        latency = nil
        probe = nil
    }

    /// A message was queued: its payload, keys and headers have so many bytes.
    mutating func queued(bytes: Int) {
        let bytes = bytes + Self.bytesBesides
        bytesPerMessage += (bytes - bytesPerMessage) / Self.messagesPerMean
    }

    /// This message was queued when the window wanted one to measure.
    mutating func measure(_ message: UInt64, at now: ContinuousClock.Instant) {
        (probe, probedAt, wantsProbe) = (message, now, false)
    }

    /// The report of the measured message came.
    mutating func arrived(at now: ContinuousClock.Instant) {
        probe = nil
        lastFull = now
        let turn = max(now - probedAt, .microseconds(1))
        let latency = messages == least ? turn : min(turn, self.latency ?? turn)
        self.latency = latency
        let allowed = min(max(latency * Self.headroom, Self.shortestTurn), Self.longestTurn)
        let wanted = Int(min(Double(messages) * (allowed / turn), Double(most)))
        // Smaller by half of the way: one turn may be long for other reasons.
        let next = wanted < messages ? (messages + wanted) / 2 : wanted
        messages = max(least, min(next, most, Self.mostBytes / max(bytesPerMessage, Self.bytesBesides)))
    }

    private static let messagesPerMean = 64
}

extension SendWindow {
    /// As large as the settings allow.
    init(_ configuration: KafkaConfiguration) {
        let set = configuration["queue.buffering.max.messages"].flatMap { Int($0) } ?? 0
        self.init(most: set > 0 ? set : Self.mostMessages)
    }
}

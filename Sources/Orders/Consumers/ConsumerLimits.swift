/// The bounds of a consumer.
enum ConsumerLimits {
    /// The pause after the first failure in a row.
    static let firstRetry: Duration = .milliseconds(50)
    /// The longest pause after a failure.
    static let longestRetry: Duration = .seconds(5)
    /// How often offsets are committed to the group; messages that are read again after a crash are harmless.
    static let commitInterval: Duration = .seconds(1)
    /// The longest wait without a round. An idle consumer looks after its database connection in each round, so it
    /// notices in this time that the server closed it.
    static let idleLook: Duration = .seconds(5)
    /// Messages of all partitions together that librdkafka fetches ahead, about a kilobyte each. When more are there it
    /// stops, and looks again after up to a second: a consumer that takes them in less time runs dry meanwhile.
    static let queuedMessages = 60_000
    /// How long the broker may take to answer a request.
    static let brokerAnswer: Duration = .seconds(5)
    /// How long leaving the group may take at the end.
    static let leaveGroup: Duration = .seconds(5)
    /// How often the source asks the broker, while Kafka is in trouble, whether the trouble is over.
    static let probeInterval: Duration = .seconds(1)
    /// How long the broker may take to answer that.
    static let probeAnswer: Duration = .milliseconds(500)
    /// The same for a fetch by a client that is made for it.
    static let fetchProbeAnswer: Duration = .seconds(2)
}

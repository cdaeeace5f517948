/// The bounds of the Kafka side of consumers.
enum MemberLimits {
    /// How long the broker may take to answer a question.
    static let brokerAnswer: Duration = .seconds(5)
    /// How long leaving the group may take at the end.
    static let leaveGroup: Duration = .seconds(5)
    /// While something is wrong with Kafka, how often it is asked whether it still is, and how long it may take to
    /// answer.
    static let memberProbeInterval: Duration = .seconds(1)
    static let memberProbe: Duration = .milliseconds(500)
    /// Messages handed to payments at once; they are small, since the payload is not looked at.
    static let paymentMessagesPerBatch = 1_000
}

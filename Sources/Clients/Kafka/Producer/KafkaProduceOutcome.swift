/// What became of the attempt to queue one message.
public enum KafkaProduceOutcome: Equatable, Sendable {
    /// Queued: exactly one delivery report with the message's correlation will follow.
    case queued
    /// The producer's queue is full; read delivery reports, then offer the same message again.
    case queueFull
    /// Refused, and no report follows. See the code's `disposition`: the message itself, or the client.
    case refused(KafkaErrorCode)
}

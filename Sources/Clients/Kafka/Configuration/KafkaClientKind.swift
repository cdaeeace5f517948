/// What a configuration is for.
public enum KafkaClientKind: Sendable {
    /// A producer that neither loses nor reorders messages.
    case producer
    case consumer
}

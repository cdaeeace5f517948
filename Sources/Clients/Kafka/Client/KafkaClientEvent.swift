/// What a client says besides deliveries and records.
public enum KafkaClientEvent: Sendable {
    /// A log line of librdkafka; `level` is syslog's, 0 (emergency) to 7 (debug).
    case log(level: Int, facility: String, message: String)
    /// A condition of the client as a whole. Mostly informational (librdkafka keeps retrying); `isFatal` ones are not.
    case error(KafkaError)
    /// The statistics JSON, every `statistics.interval.ms`.
    case statistics(String)
}

/// Takes what a client says, on the thread that polls it; must not block.
public typealias KafkaEventSink = @Sendable (KafkaClientEvent) -> Void

/// An event of a client besides deliveries and records.
public enum KafkaClientEvent: Sendable {
    /// A log line of librdkafka; `level` is syslog's, 0 (emergency) to 7 (debug).
    case log(level: Int, facility: String, message: String)
    /// A condition of the client as a whole. librdkafka keeps retrying, unless the error is `isFatal`.
    case error(KafkaError)
    /// A broker, `host:port`, leaves this client's next requests alone for `delay`, because a quota is used up; zero
    /// when that is over.
    case throttled(broker: String, delay: Duration)
    /// Statistics as JSON, every `statistics.interval.ms`.
    case statistics(String)
}

/// Takes the events of a client, on the thread that polls it; must not block.
public typealias KafkaEventSink = @Sendable (KafkaClientEvent) -> Void

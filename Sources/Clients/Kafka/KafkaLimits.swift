/// Every bound of this module, with its unit.
public enum KafkaLimits {
    /// Topics one producer keeps handles of; topic names come from rows, so they must not grow without end.
    public static let topicsPerProducer = 10_000
    /// Headers of one message.
    public static let headersPerMessage = 256
    /// Bytes of all copied header values of one message.
    public static let headerScratchBytesPerMessage = 1 << 20
    /// Delivery reports handed over at once, unless the caller names another number.
    public static let deliveriesPerPoll = 4_096
    /// Events of other kinds (logs, errors, statistics) handed to the event sink in one poll.
    public static let eventsPerPoll = 1_024
    /// Records of one consumer batch, unless the caller names another number.
    public static let recordsPerBatch = 5_000
    /// Bytes of keys, values and headers after which a consumer batch is closed.
    public static let bytesPerBatch = 8 << 20
    /// Longest topic name a broker takes, in bytes.
    public static let topicNameBytes = 249
    /// Largest file read for a `KAFKA_…_FILE` variable, in bytes.
    public static let secretFileBytes = 1 << 20
    /// A consumer is asked for events at least once in this part of `max.poll.interval.ms`.
    public static let pollIntervalDivisor = 3
    /// Messages a producer queues unless configured otherwise: it bounds memory to some tens of megabytes.
    public static let producerQueueMessages = 20_000
    /// Kilobytes of messages a producer queues unless configured otherwise.
    public static let producerQueueKilobytes = 16_384
    /// Kilobytes a consumer prefetches unless configured otherwise.
    public static let consumerQueueKilobytes = 16_384
    /// Milliseconds the admin API waits for the cluster, which has answered already, to name its controller.
    public static let controllerWaitMilliseconds = 250
    /// Bytes of a command line of the mock cluster's control protocol, line end excluded.
    public static let controlLineBytes = 1_024
    /// Errors one `errors` command of the control protocol may queue.
    public static let controlErrorsPerCommand = 10_000
    /// Milliseconds after which a call that aborts a transaction takes back again what is queued.
    public static let abortCallMilliseconds = 500
}

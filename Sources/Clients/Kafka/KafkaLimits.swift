/// Every bound of this module, with its unit.
public enum KafkaLimits {
    // MARK: Producer

    /// Topics of which one producer keeps handles. Topic names come from rows, so their number needs a bound.
    public static let topicsPerProducer = 10_000
    /// Longest topic name that a broker accepts, in bytes.
    public static let topicNameBytes = 249
    /// Headers of one message.
    public static let headersPerMessage = 256
    /// Bytes of all copied header values of one message.
    public static let headerScratchBytesPerMessage = 1 << 20
    /// Delivery reports that one poll hands over, unless the caller gives another number.
    public static let deliveriesPerPoll = 4_096
    /// Messages that a producer queues unless configured otherwise: it bounds memory to some tens of megabytes.
    static let producerQueueMessages = 20_000
    /// Kilobytes of messages that a producer queues unless configured otherwise.
    static let producerQueueKilobytes = 16_384
    /// Milliseconds after which a call that aborts a transaction is repeated, to take back the messages that were
    /// queued since.
    static let abortCallMilliseconds = 500

    // MARK: Consumer

    /// Records of one consumer batch, unless the caller gives another number.
    public static let recordsPerBatch = 5_000
    /// Bytes of keys, values and headers after which a consumer batch is closed.
    public static let bytesPerBatch = 8 << 20
    /// Records of one partition that a consumer prefetches unless configured otherwise.
    static let consumerQueueRecords = 10_000
    /// Kilobytes that a consumer prefetches unless configured otherwise.
    static let consumerQueueKilobytes = 16_384
    /// A consumer is polled at least once in this part of `max.poll.interval.ms`.
    static let pollIntervalDivisor = 3

    // MARK: Scans of topics

    /// Records that wait before fetching is held up; one answer of each broker may come on top.
    public static let scanRecordsAhead = 16_384
    /// Bytes of the keys and values that wait, by their average.
    static let scanBytesAhead = 8 << 20
    /// Bytes of an answer, compressed: fifty times as much may be behind them.
    static let scanFetchBytes = 1 << 20
    /// librdkafka's own bounds, which pause for up to a second, are beyond those.
    static let scanQueueRecords = 1_000_000
    static let scanQueueKilobytes = 65_536
    /// Records that are taken until the brake is looked after.
    static let scanRecordsPerTurn = 1_024
    /// Records until the positions are compared with the ends, while more and more records come.
    static let recordsPerLook = 65_536

    // MARK: Any client

    /// Milliseconds that a broker may take to answer a request, and a producer's brokers to agree on a message, unless
    /// configured otherwise (`socket.timeout.ms`, `request.timeout.ms`). Then the connection counts as dead and the
    /// request is sent again on a new one.
    public static let brokerAnswerMilliseconds = 10_000
    /// Milliseconds that a connect to a broker may take, its TLS and SASL included, unless configured otherwise
    /// (`socket.connection.setup.timeout.ms`).
    public static let brokerConnectMilliseconds = 10_000
    /// librdkafka demands that a transaction may take longer than an answer, by this many milliseconds; otherwise it
    /// chooses the time for an answer itself.
    static let transactionMarginMilliseconds = 1_000

    /// How long after its delay a broker that has told nothing since counts as throttling, in seconds.
    static let throttleKeptSeconds = 5
    /// How long no broker has to throttle until throttling is news for the log again, in seconds.
    static let throttleQuietSeconds = 60
    /// Events of other kinds (logs, errors, statistics) that one poll hands to the event sink.
    static let eventsPerPoll = 1_024
    /// Bytes of a reason that librdkafka writes into a buffer of ours; a longer one is cut.
    static let reasonBytes = 512
    /// Largest file that is read for a `KAFKA_…_FILE` variable, in bytes.
    static let secretFileBytes = 1 << 20
    /// Milliseconds that the admin API waits for the cluster, which has answered already, to name its controller.
    static let controllerWaitMilliseconds = 250

    // MARK: Mock cluster

    /// Brokers of one mock cluster.
    public static let mockBrokers = 100
    /// Partitions of one topic of a mock cluster.
    public static let mockPartitionsPerTopic = 10_000
    /// Longest delay of a mock broker's answers, in milliseconds.
    static let mockLatencyMilliseconds = 60_000
    /// Bytes of a command line of the mock cluster's control protocol, line end excluded.
    public static let controlLineBytes = 1_024
    /// Errors that one `errors` command of the control protocol may queue.
    static let controlErrorsPerCommand = 10_000

    /// The relations that the bounds must keep, checked once in debug builds when the first client is made.
    static let areConsistent: Bool = {
        assert(deliveriesPerPoll <= producerQueueMessages, "one poll of reports is at most a full queue")
        assert(headerScratchBytesPerMessage <= producerQueueKilobytes << 10, "the largest headers fit into the queue")
        assert(recordsPerBatch <= consumerQueueRecords, "a full batch can be prefetched")
        assert(bytesPerBatch <= consumerQueueKilobytes << 10, "a full batch can be prefetched")
        assert(
            scanRecordsAhead < scanQueueRecords && scanBytesAhead >> 10 < scanQueueKilobytes, "the brake comes first")
        assert(pollIntervalDivisor >= 2, "a consumer that is late once is not expelled from its group")
        assert(topicNameBytes < controlLineBytes, "a control command can name every topic")
        return true
    }()
}

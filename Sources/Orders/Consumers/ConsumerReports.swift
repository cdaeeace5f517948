public import Logging

/// How a consumer is.
public enum ConsumerStatus: Hashable, Sendable {
    /// Not consuming; the text says what is missing, and is safe to log.
    case waiting(String)
    /// Consuming, and the results are known to be incomplete: the projector compares all orders with the event store.
    case catchingUp
    /// Consuming this many partitions; 0 when other members have all of them.
    case running(partitions: Int)
}

/// Learns what a consumer does. All calls come from the consumer's thread, so they must not block.
public protocol ConsumerObserver<Happening>: Sendable {
    /// What this kind of consumer can do.
    associatedtype Happening: Sendable

    /// The consumer did something.
    func consumerDid(_ happening: Happening)

    /// The status changed.
    func consumerIs(_ status: ConsumerStatus)
}

/// Writes to the log and tells the observer; each change of status once, however often it is found again.
public final class ConsumerReports<Happening: Sendable> {
    /// Where the consumer's own reports are logged.
    public let logger: Logger
    private let observer: any ConsumerObserver<Happening>
    private var status: ConsumerStatus?

    init(observer: any ConsumerObserver<Happening>, logger: Logger) {
        self.observer = observer
        self.logger = logger
    }

    /// Tells the observer.
    public func happened(_ happening: Happening) {
        observer.consumerDid(happening)
    }

    func waiting(_ why: String) {
        if become(.waiting(why)) { logger.info("waiting", metadata: ["reason": "\(why)"]) }
    }

    func consuming(partitions: Int, isCatchingUp: Bool) {
        guard become(isCatchingUp ? .catchingUp : .running(partitions: partitions)) else { return }
        logger.info("consuming", metadata: ["partitions": "\(partitions)"])
    }

    func failed(_ error: any Error) {
        guard become(.waiting("\(error)")) else { return }
        logger.warning("cannot go on, trying again", metadata: ["reason": "\(error)"])
    }

    private func become(_ next: ConsumerStatus) -> Bool {
        guard status != next else { return false }
        status = next
        observer.consumerIs(next)
        return true
    }
}

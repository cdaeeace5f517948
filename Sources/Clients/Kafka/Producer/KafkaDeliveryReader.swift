import CRDKafka
import Synchronization
public import Threads

/// The reader of a producer's delivery reports, in bounded batches without allocation.
///
///     while running {
///         while reader.poll() > 0 { for index in 0..<reader.count { handle(reader[index]) } }
///         reader.wait(upTo: .seconds(1))          // or poll the descriptor among others
///     }
///
/// The descriptor is only written when the queue was empty: wait only after `poll` returned 0. `poll` also hands logs,
/// errors and statistics to the producer's event sink. Use it from one thread at a time, and make one reader for a
/// producer: each of two would see a part of the reports.
public final class KafkaDeliveryReader {
    private let client: ClientHandle
    private let buffer: UnsafeMutablePointer<rdk_delivery>
    private let capacity: Int
    /// A report event can hold more messages than the buffer; the rest stays in it.
    private var current: OpaquePointer?
    /// Reports taken from `current`; librdkafka frees their messages only when the event is destroyed.
    private var takenFromCurrent = 0
    /// Reports in the buffer, valid until the next `poll`.
    public private(set) var count = 0

    init(_ client: ClientHandle, capacity: Int) {
        self.client = client
        self.capacity = max(1, capacity)
        self.buffer = .allocate(capacity: self.capacity)
    }

    deinit {
        if let current { finish(current) }
        buffer.deallocate()
    }

    /// Fills the buffer with the next reports. Never blocks.
    ///
    /// - Returns: the number of reports, at most the reader's capacity; 0 means that the queue is empty.
    public func poll() -> Int {
        count = 0
        var otherEvents = 0
        while count < capacity, otherEvents < KafkaLimits.eventsPerPoll {
            guard let event = current ?? client.nextEvent() else { break }
            if rd_kafka_event_type(event) == rdk_event_dr {
                take(from: event)
            } else {
                _ = client.dispatch(event)
                rd_kafka_event_destroy(event)
                otherEvents += 1
            }
        }
        // Events may be left, and the caller waits after an answer of 0.
        if otherEvents == KafkaLimits.eventsPerPoll { client.wake.wake() }
        return count
    }

    private func take(from event: OpaquePointer) {
        let room = capacity - count
        let taken = rdk_event_deliveries(event, buffer + count, room)
        assert(taken <= room, "librdkafka was told how many reports fit")
        count += taken
        takenFromCurrent += taken
        if taken < room {
            finish(event)
        } else {
            current = event
        }
    }

    private func finish(_ event: OpaquePointer) {
        rd_kafka_event_destroy(event)
        client.unreported.subtract(takenFromCurrent, ordering: .releasing)
        takenFromCurrent = 0
        current = nil
    }

    /// A report of the last `poll`, from index 0 to `count` - 1.
    public subscript(index: Int) -> KafkaDelivery {
        precondition(index >= 0 && index < count, "report index out of range")
        let report = buffer[index]
        return KafkaDelivery(
            correlation: report.correlation, topic: KafkaTopicID(address: report.topic),
            code: KafkaErrorCode(rawValue: report.error), partition: report.partition, offset: report.offset)
    }

    /// Becomes readable when reports arrive on an empty queue.
    public var wake: WakeDescriptor { client.wake }

    /// Blocks until reports arrive, another thread wakes the descriptor, or the time is up.
    public func wait(upTo timeout: Duration) { client.wait(timeout) }
}

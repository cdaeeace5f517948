import CRDKafka

/// Bounds what a consumer has fetched and not handed out, without the pauses of librdkafka's own bound.
///
/// `@unchecked`: the C structure has a lock of its own. One thread reads.
final class FetchBrake: @unchecked Sendable {
    private let brake: UnsafeMutablePointer<rdk_brake>
    private let mostRecords: Int
    private let mostBytes: Int
    private var records = 0
    private var bytes = 0

    /// - Parameters:
    ///   - records: that wait before fetching is held up. One answer of each broker may come on top.
    ///   - bytes: of keys and values, by the average of those that were read.
    init(records: Int, bytes: Int) {
        (mostRecords, mostBytes) = (records, bytes)
        brake = .allocate(capacity: 1)
        rdk_brake_init(brake, records)
    }

    deinit {
        rdk_brake_destroy(brake)
        brake.deallocate()
    }

    func install(_ conf: OpaquePointer) { _ = rdk_brake_install(brake, conf) }

    /// A reading begins.
    func begin(_ queue: OpaquePointer) { rdk_brake_set_queue(brake, queue) }

    /// A reading ends, or the queue is about to be released: all threads go on.
    func end() { rdk_brake_set_queue(brake, nil) }

    /// The reader has taken records.
    func took(records count: Int, bytes size: Int) {
        records += count
        bytes += size
        let average = max(1, bytes / max(1, records))
        rdk_brake_moved(brake, max(1, min(mostRecords, mostBytes / average)))
    }
}

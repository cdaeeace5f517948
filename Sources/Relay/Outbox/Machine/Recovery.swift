/// What a relay does with the record that it read from Kafka: the comparison of two places in one sequence of cuts.
///
/// Postgres may be behind Kafka by what was committed there and not saved here, never by a whole cut: the next cut is
/// taken only after the last one was committed. So a newer cut in Kafka was made on a history that this Postgres lost.
///
/// A later timeline is the same outbox: a promoted standby that knows the cut of the record has its snapshots and rows.
/// A record of a later timeline than the server's shows that the server is an old primary.
enum Recovery: Equatable {
    /// Kafka has no record: this is the first relay that delivers exactly once here.
    case begin
    /// Kafka's record is older: the current cut has just begun, or was delivered at least once.
    case proceed
    /// The same cut. Rows up to outbox id `through` are committed, and held rows of one key up to hold id `released`
    /// (0: none were released).
    case resume(through: Int64, released: Int64)
    /// The record cannot be of this outbox's past, for this reason.
    case refuse(String)
    /// The record is of this outbox, and of a history that this database lost, for this reason.
    case isBehind(String)

    /// Cut numbers from here on come from a rebase, which sets them to microseconds since 1970: any number that an
    /// earlier history of this outbox has reached is smaller.
    static let firstRebasedCut: Int64 = 1_000_000_000_000_000

    /// - Parameters:
    ///   - record: Kafka's, nil if there is none.
    ///   - checkpoint: Postgres's.
    ///   - origin: this outbox.
    static func judge(_ record: DeliveryRecord?, against checkpoint: Checkpoint, of origin: OutboxOrigin) -> Recovery {
        guard let record else { return .begin }
        guard record.origin.isSameOutbox(as: origin) else {
            let isRebased = record.cut < checkpoint.cut && checkpoint.cut >= firstRebasedCut
            return isRebased ? .proceed : .refuse("it was written by \(record.origin), this is \(origin)")
        }
        guard record.origin.timeline <= origin.timeline else {
            return .isBehind(
                "it was written on timeline \(record.origin.timeline), and this server is on timeline "
                    + "\(origin.timeline): an old primary")
        }
        if record.cut < checkpoint.cut { return .proceed }
        guard record.cut == checkpoint.cut else {
            return .isBehind(
                "it names cut \(record.cut), and the newest that this database knows is \(checkpoint.cut)")
        }
        return .resume(through: max(record.through, checkpoint.drainedThrough), released: record.released)
    }
}

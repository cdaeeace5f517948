/// Whether Kafka's record is ahead of the checkpoint with which a leadership began: then the database was set back, or
/// forgot cuts in a crash.
///
/// The question is open until Kafka answers it, and asked again while the relay leads. Nobody writes the record
/// meanwhile, so a newer cut in it is never of the leadership that asks.
struct RecordQuestion: Equatable {
    /// The epoch that asks.
    let epoch: Int64
    /// The server that it leads on.
    let server: ServerIdentity
    /// The newest cut that the database knew when the question arose. What the relay has published since says nothing.
    let known: Int64

    /// - Parameter open: the last question of this process, if Kafka has not answered it. It is asked further if no
    ///   other relay has led since.
    init(epoch: Int64, server: ServerIdentity, known: Int64, after open: RecordQuestion?) {
        self.epoch = epoch
        self.server = server
        let isContinued = open.map { $0.epoch == epoch - 1 && $0.server == server } ?? false
        self.known = isContinued ? min(known, open?.known ?? known) : known
    }

    /// Whether a record shows that the database is behind it. A record of an earlier timeline was judged when the
    /// timeline changed.
    func isAnswered(by record: DeliveryRecord, schema: String) -> Bool {
        record.origin == server.origin(schema: schema) && record.cut > known
    }
}

/// The answer that needs a decision: a record that is ahead, and the rows that Kafka has.
struct AheadRecord: CustomStringConvertible {
    /// The epoch that asked.
    let epoch: Int64
    let known: Int64
    let recordedCut: Int64
    /// What Kafka has of the cuts after `known`.
    let found: PublishedRows

    var description: String { "Kafka's record names cut \(recordedCut)" }
}

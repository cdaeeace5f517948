import ArgumentParser
import Operations

/// Previews a bulk action, asks, begins it and follows it.
struct BulkRunner {
    private let options: DeskOptions
    private let desk: OperatorDesk
    private let consent: ConsentOptions

    init(_ options: DeskOptions, _ desk: OperatorDesk, _ consent: ConsentOptions) {
        self.options = options
        self.desk = desk
        self.consent = consent
    }

    /// - Parameters:
    ///   - follows: whether `then` prints the outcome; otherwise the receipt is printed.
    ///   - then: called with the receipt when the action is over.
    func run(
        _ action: Bulk.Action, _ filter: ParkedFilter, rows: Bulk.Rows, follows: Bool = false,
        then: (Bulk) throws -> Void = { _ in }
    ) throws {
        let preview = try desk.previewBulk(action, filter, rows: rows)
        guard consent.dryRun || preview.keys > 0 || preview.isMore else {
            report(preview.summary)
            throw ExitCode.failure
        }
        guard try consent.allows(preview, options) else { return }
        let bulk = try desk.beginBulk(action, filter, rows: rows, reason: consent.why)
        report("bulk action \(bulk.bulkId) begins; outboxctl bulk stop \(bulk.bulkId) --reason ... ends it")
        let done = try Self.follow(bulk, options)
        if !follows || !options.json { try options.show(done) { say(BulkText.line(done)) } }
        if follows { try then(done) }
    }

    /// Has the server do it, and shows how far it is until it is over.
    static func follow(_ bulk: Bulk, _ options: DeskOptions) throws -> Bulk {
        let runner = try options.open(.unlimited)
        try runner.runBulk(bulk.bulkId)
        let desk = try options.open()
        let isRunning = { try desk.bulk(bulk.bulkId).map { $0.isRunning || $0.endedAt != nil } == true }
        guard try Pace.waits(until: isRunning) else {
            report("bulk action \(bulk.bulkId) did not start; see the log of Postgres")
            throw ExitCode.failure
        }
        return try watch(bulk, desk)
    }

    /// Shows how far it is until it is over.
    static func watch(_ bulk: Bulk, _ desk: OperatorDesk) throws -> Bulk {
        while let now = try desk.bulk(bulk.bulkId) {
            if now.endedAt != nil { return now }
            guard now.isRunning else {
                report("bulk action \(now.bulkId) was interrupted: outboxctl bulk continue \(now.bulkId) --reason ...")
                throw ExitCode.failure
            }
            report(BulkText.line(now))
            try Pace.pause(.milliseconds(500))
        }
        throw ExitCode.failure
    }
}

/// A bulk action for people.
enum BulkText {
    static func line(_ bulk: Bulk) -> String {
        let state =
            bulk.endedAt != nil
            ? bulk.stopAskedAt == nil ? "done" : "stopped" : bulk.isRunning ? "running" : "interrupted"
        let done = bulk.keys + bulk.passedOver
        var text = "bulk action \(bulk.bulkId), \(bulk.action): \(state), "
        text += "\(Words.count(done)) of \(Words.count(max(bulk.totalKeys, done))) keys, "
        let isRelease = bulk.action == "release"
        text += isRelease ? "\(Words.count(bulk.keys)) asked for" : "\(Words.count(bulk.rows)) rows changed"
        if bulk.passedOver > 0 { text += ", \(Words.count(bulk.passedOver)) keys passed over" }
        if let fault = bulk.fault { text += " (\(fault))" }
        return text
    }
}

import Logging

/// What the publisher refused: the failure that the machine has not seen yet, and the refusal that says most about it.
struct Refusals {
    private(set) var last: PublishFailure?
    private var failure: RelaySight.ReportedFailure?
    private let status: RelayStatus
    private let logger: Logger

    init(status: RelayStatus, logger: Logger) {
        self.status = status
        self.logger = logger
    }

    /// Whether a failure waits for the machine: nothing more is offered meanwhile.
    var isPending: Bool { failure != nil }

    /// - Parameters:
    ///   - newest: the newest row in flight.
    ///   - rows: how many the transaction has that is undone with it.
    ///   - isFound: the row to blame is known and its key parked.
    mutating func note(_ refusal: PublishFailure, newest: Int64?, rows: Int, isFound: Bool = false) {
        if failure == nil {
            logger.warning(
                "publishing failed; starting again behind the last acknowledged row",
                metadata: ["why": "\(refusal.explanation)"])
        }
        status.failed(refusal)
        // Rows that fell with the one to blame are told as well, and say nothing of it.
        if last?.isPermanent != true { last = refusal }
        if failure?.isFound == true { return }
        if failure == nil || refusal.isPermanent { failure = .init(kind: refusal.kind, newest: newest ?? 0) }
        failure?.isFound = isFound
        failure?.rows = rows
    }

    mutating func take() -> RelaySight.ReportedFailure? {
        defer { failure = nil }
        return failure
    }

    /// What was refused belongs to the last cut.
    mutating func beginCut() { last = nil }

    mutating func clear() {
        failure = nil
        last = nil
    }
}

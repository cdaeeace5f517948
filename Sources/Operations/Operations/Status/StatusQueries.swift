import Outbox
import Postgres

extension OperatorDesk {
    /// The statements of one ``status(since:)``: two, each behind the settings of its transaction.
    public static let statementsOfStatus = 4

    /// The outbox now, with two statements that read by index and two for their bounds.
    ///
    /// The rows of the outbox are left out if Postgres does not answer in time, and a note says so: another session may
    /// have locked the table, and then the rest is what an operator needs.
    ///
    /// - Parameter earlier: a status of a while ago, from which rates are computed.
    /// - Throws: `PostgresError` when Postgres is away.
    public func status(since earlier: OutboxStatus? = nil) throws -> OutboxStatus {
        var notes: [String] = []
        let rows = try part("the rows that wait and the outbox on disk", &notes) { try outbox() }
        let picture = try relayPicture()
        var status = OutboxStatus(
            takenAt: picture.takenAt, backlog: rows?.backlog, relay: picture.relay, blockers: [],
            parked: picture.parked, work: picture.work, storage: rows?.storage, notes: notes)
        status.blockers = status.relayBlockers + picture.blockers
        if let earlier { status.compare(with: earlier) }
        return status
    }

    /// nil, with a note, for an answer that takes too long or that the role may not see.
    private func part<T>(_ name: String, _ notes: inout [String], _ body: () throws -> T) throws -> T? {
        do {
            return try body()
        } catch let error as PostgresError where error.sqlState == Self.canceled {
            notes.append("\(name): no answer within \(OperationsLimits.statementMilliseconds) ms")
            return nil
        } catch let error as PostgresError where error.sqlState == SQLState.insufficientPrivilege {
            notes.append("\(name): \(error.message)")
            return nil
        }
    }

    /// `query_canceled`: the statement's time was over.
    private static let canceled = "57014"
}

extension OutboxStatus {
    /// What the relay's state shows to be in the way.
    var relayBlockers: [Blocker] {
        if let pause = relay.pause {
            let who = (pause.caller ?? "an operator") + (pause.reason.map { ": \($0)" } ?? "")
            let state = pause.isInEffect ? "is paused" : "is asked to pause"
            let blocker = Blocker(kind: .paused, summary: "the relay \(state) by \(who)", since: pause.since)
            return relay.leaseIsValid ? [blocker] : [blocker, noRelay]
        }
        guard relay.leaseIsValid else { return [noRelay] }
        // A relay that was idle for long has an old checkpoint when the next row comes.
        let still = min(takenAt.seconds(since: relay.movedAt), backlog?.oldestAgeSeconds ?? 0)
        guard still > Double(OperationsLimits.stalledSeconds) else { return [] }
        let summary = "the relay leads, and its checkpoint has not moved for \(DrainForecast.words(still))"
        return [Blocker(kind: .relayStalled, summary: summary, since: relay.movedAt)]
    }

    private var noRelay: Blocker {
        let last = relay.leader.map { "; \($0) led last" } ?? "; none has ever led"
        return Blocker(kind: .noRelay, summary: "no relay leads\(last)", since: relay.movedAt)
    }
}

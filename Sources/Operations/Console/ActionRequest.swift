import HTTPTypes
import Operations

/// What an operator wants to do, as the page sends it. Fields that mean nothing for the action are refused.
struct ActionRequest: Sendable {
    enum Action: String, Decodable, CaseIterable {
        case release, skip, edit, pause, resume, replay
        case stopReplay = "stop_replay"
        case continueReplay = "continue_replay"
        case stopBulk = "stop_bulk"
        case continueBulk = "continue_bulk"
        case stopRebuild = "stop_rebuild"
    }

    /// The key that a release is about. Many keys are released by a bulk action.
    struct Key: Sendable {
        var aggregateType: String
        var aggregateId: String
    }

    /// Which rows a replay is about; times as Postgres reads them.
    struct RowFilter: Sendable {
        var fromId: Int64?
        var toId: Int64?
        var since: String?
        var until: String?
        var aggregateType: String?
        var aggregateId: String?
    }

    /// What an edited row has afterwards; nil leaves it as it is.
    struct Change: Sendable {
        var payload: String?
        var headers: [String: String]?
    }

    var action: Action
    var key: Key?
    var outboxId: Int64?
    var after: Change?
    var rows: RowFilter?
    var rowsPerSecond: Int?
    var replayId: Int64?
    var bulkId: Int64?
    var rebuildId: Int64?
    var reason: String?

    /// What the action would do; nothing is changed.
    func preview(_ desk: OperatorDesk) throws -> ActionPreview {
        switch action {
        case .release: return try desk.previewRelease(parkedKey())
        case .skip: return try held(desk.previewSkip(row()))
        case .edit:
            _ = try change()
            return try held(desk.previewEdit(row()))
        case .pause: return try desk.previewPause()
        case .resume: return try desk.previewResume()
        case .replay: return try desk.previewReplay(replayed(desk))
        case .stopReplay: return try known(desk.previewStopReplay(replay()))
        case .continueReplay: return try known(desk.previewContinueReplay(replay()))
        case .stopBulk: return try known(desk.previewStopBulk(bulk()))
        case .continueBulk: return try known(desk.previewContinueBulk(bulk()))
        case .stopRebuild: return try known(desk.previewStopRebuild(rebuild()))
        }
    }

    /// Does it.
    ///
    /// - Parameter jobs: has the server do what outlives this call.
    func perform(_ desk: OperatorDesk, _ jobs: RunningJobs) throws -> Receipt {
        let reason = try givenReason()
        switch action {
        case .release: return try desk.release(parkedKey(), reason: reason)
        case .skip: return try desk.skip([row()], reason: reason)
        case .edit:
            let change = try change()
            return try desk.edit(
                row(), payload: change.payload.map { Array($0.utf8) }, headers: change.headers, reason: reason)
        case .pause: return try desk.pause(reason: reason)
        case .resume: return try desk.resume(reason: reason)
        case .replay:
            try jobs.requireRoom(.replay, desk)
            let replay = try desk.beginReplay(
                replayed(desk), rowsPerSecond: rowsPerSecond ?? ConsoleLimits.replayRowsPerSecond, reason: reason)
            try jobs.run(.replay, replay.replayId)
            return Receipt(of: replay)
        case .stopReplay: return try desk.stopReplay(replay(), reason: reason)
        case .continueReplay:
            try jobs.requireRoom(.replay, desk)
            let receipt = try desk.continueReplay(replay(), reason: reason)
            try jobs.run(.replay, replay())
            return receipt
        case .stopBulk: return try desk.stopBulk(bulk(), reason: reason)
        case .continueBulk:
            try jobs.requireRoom(.bulk, desk)
            let receipt = try desk.continueBulk(bulk(), reason: reason)
            try jobs.run(.bulk, bulk())
            return receipt
        case .stopRebuild: return try desk.stopRebuild(rebuild(), reason: reason)
        }
    }

    private func held(_ preview: ActionPreview?) throws -> ActionPreview {
        guard let preview else {
            throw ConsoleError(.conflict, "row \(outboxId ?? 0) is not held; only rows of parked keys can be changed")
        }
        return preview
    }

    private func known(_ preview: ActionPreview?) throws -> ActionPreview {
        let number = replayId ?? bulkId ?? rebuildId ?? 0
        guard let preview else { throw ConsoleError(.conflict, "there is no work of the number \(number)") }
        return preview
    }

    // MARK: Fields

    private func row() throws -> Int64 { try required(outboxId, "outbox_id", "names the row") }
    private func replay() throws -> Int64 { try required(replayId, "replay_id", "names the replay") }
    private func bulk() throws -> Int64 { try required(bulkId, "bulk_id", "names the bulk action") }
    private func rebuild() throws -> Int64 { try required(rebuildId, "rebuild_id", "names the rebuild") }

    private func change() throws -> Change {
        let change = try required(after, "after", "says what the row has afterwards")
        guard change.payload != nil || change.headers != nil else {
            throw ConsoleError(.badRequest, "after: has neither a payload nor headers")
        }
        return change
    }

    private func required<T>(_ value: T?, _ name: String, _ what: String) throws -> T {
        guard let value else { throw ConsoleError(.badRequest, "\(name): \(what), and is missing") }
        return value
    }

    private func parkedKey() throws -> ParkedFilter {
        let key = try required(key, "key", "names the key")
        return ParkedFilter(aggregateType: key.aggregateType, aggregateId: key.aggregateId)
    }

    /// A replay without a filter would be one of everything: that must be said, with an empty one.
    private func replayed(_ desk: OperatorDesk) throws -> EventFilter {
        let rows = try required(rows, "rows", "names the rows")
        var filter = EventFilter()
        (filter.fromId, filter.toId) = (rows.fromId, rows.toId)
        (filter.aggregateType, filter.aggregateId) = (rows.aggregateType, rows.aggregateId)
        filter.since = try rows.since.map { try desk.moment($0) }
        filter.until = try rows.until.map { try desk.moment($0) }
        return filter
    }

    private func givenReason() throws -> String { try required(reason, "reason", "says why, and is kept") }
}

import HTTPTypes
import Operations
import Postgres

/// What an operator wants to do, as the page sends it.
struct ActionRequest: Decodable, Sendable {
    enum Action: String, Decodable, CaseIterable {
        case release, skip, edit, pause, resume
    }

    /// Which keys a release is about; times as Postgres reads them.
    struct Filter: Decodable, Sendable {
        var aggregateType: String?
        var aggregateId: String?
        var errorContains: String?
        var parkedBefore: String?
    }

    /// What an edited row has afterwards; nil leaves it as it is.
    struct Change: Decodable, Sendable {
        var payload: String?
        var headers: [String: String]?
    }

    var action: Action
    var filter: Filter?
    var outboxId: Int64?
    var after: Change?
    var reason: String?

    /// What the action would do; nothing is changed.
    func preview(_ desk: OperatorDesk) throws -> ActionPreview {
        switch action {
        case .release: try desk.previewRelease(keys(desk))
        case .skip: try held(desk.previewSkip(row()))
        case .edit: try held(desk.previewEdit(row()))
        case .pause: try desk.previewPause()
        case .resume: try desk.previewResume()
        }
    }

    /// Does it.
    func perform(_ desk: OperatorDesk) throws -> Receipt {
        let reason = try checkedReason()
        return switch action {
        case .release: try desk.release(keys(desk), reason: reason)
        case .skip: try desk.skip([row()], reason: reason)
        case .edit:
            try desk.edit(
                row(), payload: after?.payload.map { Array($0.utf8) }, headers: after?.headers, reason: reason)
        case .pause: try desk.pause(reason: reason)
        case .resume: try desk.resume(reason: reason)
        }
    }

    private func held(_ preview: ActionPreview?) throws -> ActionPreview {
        guard let preview else {
            throw ConsoleError(.conflict, "row \(outboxId ?? 0) is not held; only rows of parked keys can be changed")
        }
        return preview
    }

    private func row() throws -> Int64 {
        guard let outboxId else { throw ConsoleError(.badRequest, "outbox_id: names the row, and is missing") }
        return outboxId
    }

    /// A release without a filter would be one of everything: that must be said, with an empty filter.
    private func keys(_ desk: OperatorDesk) throws -> ParkedFilter {
        guard let filter else { throw ConsoleError(.badRequest, "filter: names the keys, and is missing") }
        var keys = ParkedFilter()
        (keys.aggregateType, keys.aggregateId) = (filter.aggregateType, filter.aggregateId)
        keys.errorContains = filter.errorContains
        keys.parkedBefore = try filter.parkedBefore.map { try desk.moment($0) }
        return keys
    }

    private func checkedReason() throws -> String {
        guard let reason, reason.contains(where: { !$0.isWhitespace }) else {
            throw ConsoleError(.badRequest, "reason: say why; it is kept with the decision")
        }
        guard reason.count <= ConsoleLimits.reasonCharacters else {
            throw ConsoleError(.badRequest, "reason: at most \(ConsoleLimits.reasonCharacters) characters")
        }
        return reason
    }
}

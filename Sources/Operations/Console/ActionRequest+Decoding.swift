/// A misspelt field must not change what an action is about: every field that is not known, or means nothing for the
/// action, is refused, and so is null.
extension ActionRequest: Decodable {
    private enum Field: String, CodingKey, CaseIterable {
        case action, key, outboxId, after, rows, rowsPerSecond, replayId, bulkId, rebuildId, reason
    }

    init(from decoder: any Decoder) throws {
        let fields = try StrictFields<Field>(decoder)
        action = try fields.required(.action)
        key = try fields.optional(.key)
        outboxId = try fields.optional(.outboxId)
        after = try fields.optional(.after)
        rows = try fields.optional(.rows)
        rowsPerSecond = try fields.optional(.rowsPerSecond)
        replayId = try fields.optional(.replayId)
        bulkId = try fields.optional(.bulkId)
        rebuildId = try fields.optional(.rebuildId)
        reason = try fields.reason(.reason)
        try fields.refuse(beside: Self.fields(of: action) + [.action, .reason], "means nothing for \(action.rawValue)")
    }

    private static func fields(of action: Action) -> [Field] {
        switch action {
        case .release: [.key]
        case .skip: [.outboxId]
        case .edit: [.outboxId, .after]
        case .pause, .resume: []
        case .replay: [.rows, .rowsPerSecond]
        case .stopReplay, .continueReplay: [.replayId]
        case .stopBulk, .continueBulk: [.bulkId]
        case .stopRebuild: [.rebuildId]
        }
    }
}

extension ActionRequest.Key: Decodable {
    private enum Field: String, CodingKey, CaseIterable {
        case aggregateType, aggregateId
    }

    init(from decoder: any Decoder) throws {
        let fields = try StrictFields<Field>(decoder)
        aggregateType = try fields.requiredText(.aggregateType)
        aggregateId = try fields.requiredText(.aggregateId)
    }
}

extension ActionRequest.RowFilter: Decodable {
    private enum Field: String, CodingKey, CaseIterable {
        case fromId, toId, since, until, aggregateType, aggregateId
    }

    init(from decoder: any Decoder) throws {
        let fields = try StrictFields<Field>(decoder)
        fromId = try fields.optional(.fromId)
        toId = try fields.optional(.toId)
        since = try fields.text(.since)
        until = try fields.text(.until)
        aggregateType = try fields.text(.aggregateType)
        aggregateId = try fields.text(.aggregateId)
    }
}

extension ActionRequest.Change: Decodable {
    private enum Field: String, CodingKey, CaseIterable {
        case payload, headers
    }

    init(from decoder: any Decoder) throws {
        let fields = try StrictFields<Field>(decoder)
        payload = try fields.optional(.payload)
        headers = try fields.optional(.headers)
        try fields.checkHeaders(.headers, (headers ?? [:]).keys, mayBeEmpty: false)
        try fields.checkHeaders(.headers, (headers ?? [:]).values, mayBeEmpty: true)
    }
}

import Operations

/// A rebuild that is asked for.
struct RebuildRequest: Decodable, Sendable {
    var ordersPerSecond: Int?
    var reason: String?

    private enum Field: String, CodingKey, CaseIterable { case ordersPerSecond, reason }

    init(from decoder: any Decoder) throws {
        let fields = try StrictFields<Field>(decoder)
        (ordersPerSecond, reason) = (try fields.optional(.ordersPerSecond), try fields.reason(.reason))
    }
}

/// A decision about many parked keys; times as Postgres reads them.
struct BulkRequest: Decodable, Sendable {
    enum Action: String, Decodable { case release, skip, edit }

    struct Filter: Decodable, Sendable {
        var aggregateType: String?
        var aggregateId: String?
        var errorContains: String?
        var parkedSince: String?
        var parkedBefore: String?
        var eventType: String?
        var topic: String?

        private enum Field: String, CodingKey, CaseIterable {
            case aggregateType, aggregateId, errorContains, parkedSince, parkedBefore, eventType, topic
        }

        init(from decoder: any Decoder) throws {
            let fields = try StrictFields<Field>(decoder)
            (aggregateType, aggregateId) = (try fields.text(.aggregateType), try fields.text(.aggregateId))
            (errorContains, eventType) = (try fields.text(.errorContains), try fields.text(.eventType))
            (parkedSince, parkedBefore) = (try fields.text(.parkedSince), try fields.text(.parkedBefore))
            topic = try fields.text(.topic)
        }
    }

    var action: Action
    var filter: Filter
    var rows: Bulk.Rows?
    var setHeaders: [String: String]?
    var removeHeaders: [String]?
    var reason: String?

    private enum Field: String, CodingKey, CaseIterable {
        case action, filter, rows, setHeaders, removeHeaders, reason
    }

    init(from decoder: any Decoder) throws {
        let fields = try StrictFields<Field>(decoder)
        (action, filter) = (try fields.required(.action), try fields.required(.filter))
        rows = try fields.optional(.rows)
        setHeaders = try fields.optional(.setHeaders)
        removeHeaders = try fields.optional(.removeHeaders)
        reason = try fields.reason(.reason)
        try fields.checkHeaders(.setHeaders, (setHeaders ?? [:]).keys, mayBeEmpty: false)
        try fields.checkHeaders(.setHeaders, (setHeaders ?? [:]).values, mayBeEmpty: true)
        try fields.checkHeaders(.removeHeaders, removeHeaders ?? [], mayBeEmpty: false)
        let known: [Field] =
            switch action {
            case .release: []
            case .skip: [.rows]
            case .edit: [.rows, .setHeaders, .removeHeaders]
            }
        try fields.refuse(beside: known + [.action, .filter, .reason], "means nothing for \(action.rawValue)")
    }

    func decision() throws -> Bulk.Action {
        switch action {
        case .release: .release
        case .skip: .skip
        case .edit: .edit(set: setHeaders ?? [:], remove: removeHeaders ?? [])
        }
    }

    func rowsMeant() -> Bulk.Rows { rows ?? .refused }

    func keys(_ desk: OperatorDesk, _ topics: String) throws -> ParkedFilter {
        var keys = ParkedFilter()
        (keys.aggregateType, keys.aggregateId) = (filter.aggregateType, filter.aggregateId)
        (keys.errorContains, keys.eventType) = (filter.errorContains, filter.eventType)
        (keys.topic, keys.topics) = (filter.topic, filter.topic.map { _ in topics })
        keys.parkedSince = try filter.parkedSince.map { try desk.moment($0) }
        keys.parkedBefore = try filter.parkedBefore.map { try desk.moment($0) }
        return keys
    }
}

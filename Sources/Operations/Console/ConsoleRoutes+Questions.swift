import HTTPTypes
import Hummingbird
import Operations
import Values

/// The questions about the outbox, each with its bounds.
extension ConsoleRoutes {
    private struct Decisions: Encodable { var decisions: [Decision] }
    private struct Replays: Encodable { var replays: [Replay] }

    func addQuestions(to router: RouterGroup<BasicRequestContext>) {
        router.get("events") { request, _ in try await events(request) }
        router.get("events/{id}") { request, context in
            try await life(try context.parameters.require("id"), request)
        }
        router.get("orders/{id}") { request, context in
            try await order(try context.parameters.require("id"), request)
        }
        router.get("parked") { request, _ in try await parked(request) }
        router.get("decisions") { request, _ in
            var query = try ConsoleQuery(request)
            let after = try query.number("after", in: 0...Int64.max)
            let limit = try query.number("limit", in: 1...OperationsLimits.decisionsPerPage) ?? 50
            try query.finish()
            return try await answer(request) { Decisions(decisions: try $0.decisions(after: after, limit: limit)) }
        }
        router.get("replays") { request, _ in
            try ConsoleQuery(request).finish()
            return try await answer(request) { Replays(replays: try $0.replays()) }
        }
    }

    /// The answer to a question that pages ask again by themselves: they send `cache-control: max-stale`.
    private func answer(
        _ request: Request, _ ask: @escaping @Sendable (OperatorDesk) throws -> some Encodable & Sendable
    ) async throws -> Response {
        let isRefresh = request.headers[.cacheControl]?.lowercased().contains("max-stale") == true
        let since = await feed.takenAt
        let answer = try await shared.answer(request.uri.string, mayBeOld: isRefresh, since: since) {
            let (json, statements) = try await questions.counted { try OperatorJSON.text(try ask($0)) }
            return (json, statements)
        }
        return ConsoleAnswer.json(answer)
    }

    private func events(_ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        var filter = EventFilter()
        filter.state = try query.choice("state", RowState.self)
        filter.aggregateType = try query.text("aggregate_type")
        filter.aggregateId = try query.text("aggregate_id")
        filter.eventType = try query.text("event_type")
        filter.fromId = try query.number("from_id", in: 0...Int64.max)
        filter.toId = try query.number("to_id", in: 0...Int64.max)
        let (since, until) = (try query.text("since"), try query.text("until"))
        let order = try query.choice("order", EventOrder.self) ?? .newestFirst
        let after = try query.number("after", in: 0...Int64.max)
        let limit = try query.number("limit", in: 1...OperationsLimits.rowsPerPage) ?? 50
        try query.finish()
        let asked = filter
        return try await answer(request) { desk in
            var filter = asked
            filter.since = try since.map { try desk.moment($0) }
            filter.until = try until.map { try desk.moment($0) }
            return try desk.events(filter, order: order, after: after, limit: limit)
        }
    }

    private func life(_ id: String, _ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        let isSearched = try query.flag("kafka")
        try query.finish()
        guard !id.hasPrefix("+"), let id = Int64(id) else {
            throw ConsoleError(.badRequest, "the id of a row is a whole number")
        }
        guard var life = try await questions.ask({ try $0.life(of: id) }) else {
            throw ConsoleError(.notFound, "the outbox has no row \(id): rows are deleted after the retention")
        }
        if isSearched { life = try await searches.find(life) }
        return try ConsoleAnswer.json(life)
    }

    private func order(_ id: String, _ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        let version = try query.number("version", in: 1...Int64.max)
        try query.finish()
        guard let id = PercentDecoding.decode(id[...]) else {
            throw ConsoleError(.badRequest, "the id of the order is not percent-encoded UTF-8")
        }
        return try await answer(request) { desk in
            guard let order = try desk.order(id, version: version) else {
                throw ConsoleError(.notFound, "there is no order \(id)")
            }
            return order
        }
    }

    private func parked(_ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        var filter = ParkedFilter()
        filter.aggregateType = try query.text("aggregate_type")
        filter.aggregateId = try query.text("aggregate_id")
        filter.errorContains = try query.text("error_contains")
        filter.eventType = try query.text("event_type")
        filter.topic = try query.text("topic")
        filter.topics = filter.topic.map { _ in configuration.topics }
        let (since, before) = (try query.text("parked_since"), try query.text("parked_before"))
        let cursor = try query.text("after").map { text in
            guard let cursor = ParkedCursor(text) else {
                throw ConsoleError(.badRequest, "after: '\(text)' is not where a page ended")
            }
            return cursor
        }
        let limit = try query.number("limit", in: 1...OperationsLimits.rowsPerPage) ?? 50
        try query.finish()
        let asked = filter
        return try await answer(request) { desk in
            var filter = asked
            filter.parkedSince = try since.map { try desk.moment($0) }
            filter.parkedBefore = try before.map { try desk.moment($0) }
            return try desk.parkedKeys(filter, after: cursor, limit: limit)
        }
    }
}

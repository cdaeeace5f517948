import HTTPTypes
import Hummingbird
import Operations

/// The questions of the JSON API.
struct ConsoleRoutes: Sendable {
    let configuration: ConsoleConfiguration
    let questions: Questions
    let feed: StatusFeed
    let searches: TopicSearches

    private struct Config: Encodable {
        var actions: Bool
        var banner: ConsoleConfiguration.Banner?
        var hidesPayloads: Bool
        var schema: String
        /// Whether an event can be looked for in Kafka.
        var kafka: Bool
    }

    private struct History: Encodable { var samples: [StatusHistory.Sample] }
    private struct Keys: Encodable { var keys: [ParkedKeyView] }
    private struct Decisions: Encodable { var decisions: [Decision] }

    func add(to router: RouterGroup<BasicRequestContext>) {
        router.get("config") { _, _ in
            try ConsoleAnswer.json(
                Config(
                    actions: configuration.allowsActions, banner: configuration.banner,
                    hidesPayloads: configuration.hidesPayloads, schema: configuration.relaySchema,
                    kafka: configuration.kafka != nil))
        }
        router.get("status") { _, _ in
            try ConsoleAnswer.json(try await feed.status())
        }
        router.get("history") { _, _ in
            try ConsoleAnswer.json(History(samples: await feed.history.samples))
        }
        router.get("live") { _, _ in try await live() }
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
            return try ConsoleAnswer.json(
                Decisions(decisions: try await questions.ask { try $0.decisions(after: after, limit: limit) }))
        }
    }

    private func live() async throws -> Response {
        let updates = try await feed.listen()
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", Self.buffering: "no"],
            body: .init { writer in
                for await update in updates { try await writer.write(update) }
                try await writer.finish(nil)
            })
    }

    /// Tells nginx to pass events on at once.
    private static let buffering = HTTPField.Name("x-accel-buffering")!

    private func events(_ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        var filter = EventFilter()
        filter.state = try query.choice("state", RowState.self)
        filter.aggregateType = query.text("aggregate_type")
        filter.aggregateId = query.text("aggregate_id")
        filter.eventType = query.text("event_type")
        filter.fromId = try query.number("from_id", in: 0...Int64.max)
        filter.toId = try query.number("to_id", in: 0...Int64.max)
        let (since, until) = (query.text("since"), query.text("until"))
        let order = try query.choice("order", EventOrder.self) ?? .newestFirst
        let after = try query.number("after", in: 0...Int64.max)
        let limit = try query.number("limit", in: 1...OperationsLimits.rowsPerPage) ?? 50
        try query.finish()
        let asked = filter
        return try ConsoleAnswer.json(
            try await questions.ask { desk in
                var filter = asked
                filter.since = try since.map { try desk.moment($0) }
                filter.until = try until.map { try desk.moment($0) }
                return try desk.events(filter, order: order, after: after, limit: limit)
            })
    }

    private func life(_ id: String, _ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        let isSearched = query.text("kafka") == "true"
        try query.finish()
        guard let id = Int64(id) else { throw ConsoleError(.badRequest, "the id of a row is a whole number") }
        guard var life = try await questions.ask({ try $0.life(of: id) }) else {
            throw ConsoleError(.notFound, "the outbox has no row \(id): rows are deleted after the retention")
        }
        if isSearched { life = try await searches.find(life) }
        return try ConsoleAnswer.json(life)
    }

    private func order(_ id: String, _ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        let version = try query.number("version", in: 0...Int64.max)
        try query.finish()
        guard let order = try await questions.ask({ try $0.order(id, version: version) }) else {
            throw ConsoleError(.notFound, "there is no order \(id)")
        }
        return try ConsoleAnswer.json(order)
    }

    private func parked(_ request: Request) async throws -> Response {
        var query = try ConsoleQuery(request)
        var filter = ParkedFilter()
        filter.aggregateType = query.text("aggregate_type")
        filter.aggregateId = query.text("aggregate_id")
        filter.errorContains = query.text("error_contains")
        let before = query.text("parked_before")
        let offset = try query.number("offset", in: 0...1_000_000) ?? 0
        let limit = try query.number("limit", in: 1...OperationsLimits.rowsPerPage) ?? 50
        try query.finish()
        let asked = filter
        return try ConsoleAnswer.json(
            Keys(
                keys: try await questions.ask { desk in
                    var filter = asked
                    filter.parkedBefore = try before.map { try desk.moment($0) }
                    return try desk.parkedKeys(filter, offset: offset, limit: limit)
                }))
    }
}

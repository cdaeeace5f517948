import HTTPTypes
import Hummingbird
import Operations

/// The JSON API: what the console knows of itself, and the live updates. ``ConsoleRoutes/addQuestions(to:)`` has the
/// questions about the outbox.
struct ConsoleRoutes: Sendable {
    let configuration: ConsoleConfiguration
    let questions: Questions
    let feed: StatusFeed
    let searches: TopicSearches
    let reports: ReportFiles
    let shared = SharedAnswers()

    private struct Config: Encodable {
        var actions: Bool
        var banner: ConsoleConfiguration.Banner?
        var hidesPayloads: Bool
        var schema: String
        /// Whether an event can be looked for in Kafka.
        var kafka: Bool
    }

    private struct History: Encodable { var samples: [StatusHistory.Sample] }

    func add(to router: RouterGroup<BasicRequestContext>) {
        router.get("openapi.json") { request, _ in
            try ConsoleQuery(request).finish()
            return Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(bytes: ConsoleAPI.document)))
        }
        router.get("config") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(
                Config(
                    actions: configuration.allowsActions, banner: configuration.banner,
                    hidesPayloads: configuration.hidesPayloads, schema: configuration.relaySchema,
                    kafka: configuration.kafka != nil))
        }
        router.get("status") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(try await feed.status())
        }
        router.get("history") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(History(samples: await feed.history.samples))
        }
        router.get("reports") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(try await reports.audits())
        }
        router.get("drills") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(try await reports.drills())
        }
        router.get("drills/{number}") { request, context in
            try ConsoleQuery(request).finish()
            let text = try context.parameters.require("number")
            guard !text.hasPrefix("+"), let number = Int(text) else {
                throw ConsoleError(.badRequest, "'\(text)' is not a whole number")
            }
            return try ConsoleAnswer.json(try await reports.drill(number))
        }
        router.get("live") { request, _ in
            try ConsoleQuery(request).finish()
            return try await live()
        }
        addQuestions(to: router)
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
}

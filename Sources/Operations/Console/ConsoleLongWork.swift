import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Operations
import Postgres
import Threads

/// Work that goes on without the page that began it: bulk actions, done by the server, and rebuilds of the read model,
/// done by a projector. `GET` says how far it is.
final class ConsoleLongWork: Sendable {
    private let configuration: ConsoleConfiguration
    private let access: ConsoleAccess
    private let executor: ThreadExecutor

    init(_ configuration: ConsoleConfiguration, _ access: ConsoleAccess) throws {
        self.configuration = configuration
        self.access = access
        executor = try ThreadExecutor(name: "console-long-work")
    }

    private struct Bulks: Encodable { var bulks: [Bulk] }
    private struct Rebuilds: Encodable { var rebuilds: [Rebuild] }

    func add(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        addBulks(to: router, questions: questions)
        router.get("rebuilds") { request, _ in
            try ConsoleQuery(request).finish()
            return try await Self.answer(Rebuilds(rebuilds: try await questions.ask { try $0.rebuilds() }))
        }
        router.post("rebuilds/preview") { _, _ in
            try await Self.answer(try await questions.ask { try $0.previewRebuild() })
        }
        router.post("rebuilds") { [self] request, _ in
            let wish = try await Self.read(RebuildRequest.self, request)
            return try await Self.answer(
                try await act(request) { desk in
                    try desk.beginRebuild(
                        ordersPerSecond: wish.ordersPerSecond ?? OperationsLimits.usualRebuildRate,
                        reason: wish.reason ?? "")
                })
        }
        router.post("rebuilds/{id}/stop") { [self] request, context in
            let (id, wish) = (try Self.number(context), try await Self.read(StopRequest.self, request))
            return try await Self.answer(
                try await act(request) { try $0.stopRebuild(id, reason: wish.reason ?? "") })
        }
    }

    private func addBulks(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        let topics = configuration.topics
        router.get("bulks") { request, _ in
            try ConsoleQuery(request).finish()
            return try await Self.answer(Bulks(bulks: try await questions.ask { try $0.bulks() }))
        }
        router.post("bulks/preview") { request, _ in
            let wish = try await Self.read(BulkRequest.self, request)
            return try await Self.answer(
                try await questions.ask { desk in
                    try desk.previewBulk(wish.decision(), wish.keys(desk, topics), rows: wish.rowsMeant())
                })
        }
        router.post("bulks") { [self] request, _ in
            let wish = try await Self.read(BulkRequest.self, request)
            return try await Self.answer(
                try await act(request) { desk in
                    let bulk = try desk.beginBulk(
                        wish.decision(), wish.keys(desk, topics), rows: wish.rowsMeant(), reason: wish.reason ?? "")
                    // The server goes on when the connection is closed.
                    try desk.runBulk(bulk.bulkId)
                    return bulk
                })
        }
        router.post("bulks/{id}/stop") { [self] request, context in
            let id = try Self.number(context)
            _ = try await Self.read(StopRequest.self, request)
            return try await Self.answer(
                try await act(request) { desk in
                    try desk.stopBulk(id)
                    guard let bulk = try desk.bulk(id) else {
                        throw ConsoleError(.notFound, "there is no bulk action \(id)")
                    }
                    return bulk
                })
        }
    }

    /// On a connection of its own.
    private func act<T: Sendable>(
        _ request: Request, _ body: @escaping @Sendable (OperatorDesk) throws -> T
    ) async throws -> T {
        let configuration = configuration
        let caller = access.caller(request) ?? "console"
        do {
            return try await executor.run {
                let connection = try PostgresConnection(configuration.postgres)
                defer { connection.close() }
                return try body(
                    OperatorDesk(
                        connection, schema: configuration.relaySchema, hidesPayloads: configuration.hidesPayloads,
                        caller: caller))
            }
        } catch let error as OperatorError {
            throw ConsoleError(.conflict, error.description)
        }
    }

    private static func answer(_ value: @autoclosure () async throws -> some Encodable) async throws -> Response {
        do {
            return try ConsoleAnswer.json(try await value())
        } catch let error as OperatorError {
            throw ConsoleError(.conflict, error.description)
        }
    }

    private static func number(_ context: BasicRequestContext) throws -> Int64 {
        let text = try context.parameters.require("id")
        guard let id = Int64(text) else { throw ConsoleError(.badRequest, "'\(text)' is not a whole number") }
        return id
    }

    private static func read<T: Decodable>(_ type: T.Type, _ request: Request) async throws -> T {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: ConsoleLimits.bodyBytes)
        } catch is NIOTooManyBytesError {
            throw ConsoleError(.contentTooLarge, "the body has more than \(ConsoleLimits.bodyBytes) bytes")
        }
        do {
            return try OperatorJSON.value(type, from: String(buffer: body))
        } catch let error as DecodingError {
            throw ConsoleError(.badRequest, "the body cannot be read: \(error)")
        }
    }

    func close() {
        executor.shutdown()
    }
}

/// A rebuild that is asked for.
private struct RebuildRequest: Decodable, Sendable {
    var ordersPerSecond: Int?
    var reason: String?
}

/// Why something is to end.
private struct StopRequest: Decodable, Sendable {
    var reason: String?
}

/// A decision about many parked keys; times as Postgres reads them.
private struct BulkRequest: Decodable, Sendable {
    enum Action: String, Decodable { case release, skip, edit }

    struct Filter: Decodable, Sendable {
        var aggregateType: String?
        var aggregateId: String?
        var errorContains: String?
        var parkedSince: String?
        var parkedBefore: String?
        var eventType: String?
        var topic: String?
    }

    var action: Action
    var filter: Filter
    var rows: Bulk.Rows?
    var setHeaders: [String: String]?
    var removeHeaders: [String]?
    var reason: String?

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

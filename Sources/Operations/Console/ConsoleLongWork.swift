import HTTPTypes
import Hummingbird
import Operations
import Postgres
import Threads

/// Work that goes on without the page that began it: bulk actions, done by the server, and rebuilds of the read model,
/// done by a projector. `GET` says how far it is.
final class ConsoleLongWork: Sendable {
    private let configuration: ConsoleConfiguration
    private let access: ConsoleAccess
    private let executor: ThreadExecutor
    private let bulks = RunningJobs()

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
            return try ConsoleAnswer.json(Rebuilds(rebuilds: try await questions.ask { try $0.rebuilds() }))
        }
        router.post("rebuilds/preview") { request, _ in
            _ = try await ConsoleBody.read(RebuildRequest.self, request)
            return try ConsoleAnswer.json(try await questions.ask { try $0.previewRebuild() })
        }
        router.post("rebuilds") { [self] request, _ in
            let wish = try await ConsoleBody.read(RebuildRequest.self, request)
            return try ConsoleAnswer.json(
                try await act(request) { desk in
                    try desk.beginRebuild(
                        ordersPerSecond: wish.ordersPerSecond ?? OperationsLimits.usualRebuildRate,
                        reason: wish.reason ?? "")
                })
        }
        router.post("rebuilds/{id}/stop") { [self] request, context in
            let (id, wish) = (try Self.number(context), try await ConsoleBody.read(StopRequest.self, request))
            return try ConsoleAnswer.json(
                try await act(request) { try $0.stopRebuild(id, reason: wish.reason ?? "") })
        }
    }

    private func addBulks(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        let (topics, configuration, bulks) = (configuration.topics, configuration, bulks)
        router.get("bulks") { request, _ in
            try ConsoleQuery(request).finish()
            return try ConsoleAnswer.json(Bulks(bulks: try await questions.ask { try $0.bulks() }))
        }
        router.post("bulks/preview") { request, _ in
            let wish = try await ConsoleBody.read(BulkRequest.self, request)
            return try ConsoleAnswer.json(
                try await questions.ask { desk in
                    try desk.previewBulk(wish.decision(), wish.keys(desk, topics), rows: wish.rowsMeant())
                })
        }
        router.post("bulks") { [self] request, _ in
            let wish = try await ConsoleBody.read(BulkRequest.self, request)
            return try ConsoleAnswer.json(
                try await act(request) { desk in
                    let bulk = try desk.beginBulk(
                        wish.decision(), wish.keys(desk, topics), rows: wish.rowsMeant(), reason: wish.reason ?? "")
                    bulks.forget { (try? desk.bulk($0))?.map { $0.endedAt == nil } ?? true }
                    var unlimited = configuration.postgres
                    unlimited.statementDeadline = nil
                    let runner = try Self.desk(try PostgresConnection(unlimited), configuration, "console")
                    try bulks.run(bulk.bulkId, on: runner) { try runner.runBulk(bulk.bulkId) }
                    return bulk
                })
        }
        router.post("bulks/{id}/stop") { [self] request, context in
            let id = try Self.number(context)
            _ = try await ConsoleBody.read(StopRequest.self, request)
            return try ConsoleAnswer.json(
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
        return try await executor.run {
            let connection = try PostgresConnection(configuration.postgres)
            defer { connection.close() }
            return try body(try Self.desk(connection, configuration, caller))
        }
    }

    private static func desk(
        _ connection: PostgresConnection, _ configuration: ConsoleConfiguration, _ caller: String
    ) throws -> OperatorDesk {
        try OperatorDesk(
            connection, schema: configuration.relaySchema, hidesPayloads: configuration.hidesPayloads, caller: caller)
    }

    private static func number(_ context: BasicRequestContext) throws -> Int64 {
        let text = try context.parameters.require("id")
        guard !text.hasPrefix("+"), let id = Int64(text) else {
            throw ConsoleError(.badRequest, "'\(text)' is not a whole number")
        }
        return id
    }

    func close() {
        executor.shutdown()
    }
}

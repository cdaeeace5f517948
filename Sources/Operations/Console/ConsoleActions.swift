import Hummingbird
import Operations
import Postgres
import Threads

/// Acts on one connection of its own, one action after the other. An action that has begun goes on when its page is
/// closed: it is one transaction, and the relay does the rest.
final class ConsoleActions: Sendable {
    private let configuration: ConsoleConfiguration
    private let access: ConsoleAccess
    private let executor: ThreadExecutor
    private let replays = RunningJobs()

    init(_ configuration: ConsoleConfiguration, _ access: ConsoleAccess) throws {
        self.configuration = configuration
        self.access = access
        executor = try ThreadExecutor(name: "console-actions")
    }

    func add(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        router.post("actions/preview") { request, _ in
            let action = try await ConsoleBody.read(ActionRequest.self, request)
            return try ConsoleAnswer.json(try await questions.ask { try action.preview($0) })
        }
        router.post("actions") { [self] request, _ in
            let action = try await ConsoleBody.read(ActionRequest.self, request)
            let caller = access.caller(request) ?? "console"
            return try ConsoleAnswer.json(try await perform(action, caller: caller))
        }
    }

    /// A connection for each action: actions are rare, and a lost connection then needs no second thought.
    private func perform(_ action: ActionRequest, caller: String) async throws -> Receipt {
        try await executor.run { [self] in
            let connection = try PostgresConnection(configuration.postgres)
            defer { connection.close() }
            let desk = try desk(connection, caller)
            replays.forget { (try? desk.replay($0))?.map { $0.endedAt == nil } ?? true }
            return try action.perform(desk) { id in
                var unlimited = configuration.postgres
                unlimited.statementDeadline = nil
                let runner = try self.desk(try PostgresConnection(unlimited), caller)
                try replays.run(id, on: runner) { try runner.runReplay(id) }
            }
        }
    }

    private func desk(_ connection: PostgresConnection, _ caller: String) throws -> OperatorDesk {
        try OperatorDesk(
            connection, schema: configuration.relaySchema, hidesPayloads: configuration.hidesPayloads, caller: caller)
    }

    func close() {
        executor.shutdown()
    }
}

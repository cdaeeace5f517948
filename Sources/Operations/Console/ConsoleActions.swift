import Hummingbird
import Operations
import Postgres
import Threads

/// Acts on one thread, one action after the other. An action that has begun goes on when its page is closed: it is one
/// transaction, and the relay, the server or a projector does the rest.
final class ConsoleActions: Sendable {
    private let configuration: ConsoleConfiguration
    private let access: ConsoleAccess
    private let executor: ThreadExecutor
    private let jobs: RunningJobs

    init(_ configuration: ConsoleConfiguration, _ access: ConsoleAccess) throws {
        self.configuration = configuration
        self.access = access
        executor = try ThreadExecutor(name: "console-actions")
        jobs = RunningJobs(configuration)
    }

    func add(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        router.post("actions/preview") { request, _ in
            let action = try await ConsoleBody.read(ActionRequest.self, request)
            return try ConsoleAnswer.json(try await questions.ask { try action.preview($0) })
        }
        router.post("actions") { [self] request, _ in
            let action = try await ConsoleBody.read(ActionRequest.self, request)
            return try ConsoleAnswer.json(try await act(request) { try action.perform($0, $1) })
        }
    }

    /// Does what a request asks for, as the one who asks. A connection for each action: actions are rare, and a lost
    /// connection then needs no second thought.
    func act<T: Sendable>(
        _ request: Request, _ body: @escaping @Sendable (OperatorDesk, RunningJobs) throws -> T
    ) async throws -> T {
        let (configuration, jobs) = (configuration, jobs)
        let caller = access.caller(request) ?? "console"
        return try await executor.run {
            let connection = try PostgresConnection(configuration.postgres)
            defer { connection.close() }
            let desk = try OperatorDesk(
                connection, schema: configuration.relaySchema, hidesPayloads: configuration.hidesPayloads,
                caller: caller)
            return try body(desk, jobs)
        }
    }

    func close() {
        executor.shutdown()
    }
}

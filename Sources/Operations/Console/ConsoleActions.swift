import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Operations
import Postgres
import Threads

/// Acts on one connection of its own, one action after the other. An action that has begun goes on when its page is
/// closed: it is one transaction, and the relay does the rest.
final class ConsoleActions: Sendable {
    private let configuration: ConsoleConfiguration
    private let access: ConsoleAccess
    private let executor: ThreadExecutor
    private let replays = RunningReplays()

    init(_ configuration: ConsoleConfiguration, _ access: ConsoleAccess) throws {
        self.configuration = configuration
        self.access = access
        executor = try ThreadExecutor(name: "console-actions")
    }

    func add(to router: RouterGroup<BasicRequestContext>, questions: Questions) {
        router.post("actions/preview") { request, _ in
            let action = try await Self.read(request)
            return try ConsoleAnswer.json(try await questions.ask { try action.preview($0) })
        }
        router.post("actions") { [self] request, _ in
            let action = try await Self.read(request)
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
            replays.forgetEnded(desk)
            return try action.perform(desk) { id in
                var unlimited = configuration.postgres
                unlimited.statementDeadline = nil
                try replays.run(id, try self.desk(try PostgresConnection(unlimited), caller))
            }
        }
    }

    private func desk(_ connection: PostgresConnection, _ caller: String) throws -> OperatorDesk {
        try OperatorDesk(
            connection, schema: configuration.relaySchema, hidesPayloads: configuration.hidesPayloads, caller: caller)
    }

    private static func read(_ request: Request) async throws -> ActionRequest {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: ConsoleLimits.bodyBytes)
        } catch is NIOTooManyBytesError {
            throw ConsoleError(.contentTooLarge, "the body has more than \(ConsoleLimits.bodyBytes) bytes")
        }
        do {
            return try OperatorJSON.value(ActionRequest.self, from: String(buffer: body))
        } catch let error as DecodingError {
            throw ConsoleError(.badRequest, Self.words(error))
        }
    }

    /// Names the field.
    private static func words(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "\(name(of: [key])): is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(name(of: context.codingPath)): \(context.debugDescription)"
        @unknown default: "the body cannot be read"
        }
    }

    /// As the caller wrote it: `filter.aggregate_id`.
    private static func name(of path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "the body" }
        return path.map { key in
            key.stringValue.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
        }.joined(separator: ".")
    }

    func close() {
        executor.shutdown()
    }
}

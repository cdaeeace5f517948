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
        let configuration = configuration
        return try await executor.run {
            let connection = try PostgresConnection(configuration.postgres)
            defer { connection.close() }
            let desk = try OperatorDesk(
                connection, schema: configuration.relaySchema, hidesPayloads: configuration.hidesPayloads,
                caller: caller)
            return try action.perform(desk)
        }
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
        case .keyNotFound(let key, _): "\(key.stringValue): is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        @unknown default: "the body cannot be read"
        }
    }

    func close() {
        executor.shutdown()
    }
}

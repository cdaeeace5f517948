import Postgres
import TestKit
import Testing
import Threads
import Values

@testable import EventStore

struct ReadWorkerTests {
    /// Touched on the worker's thread only.
    private final class Confined: @unchecked Sendable {
        var worker: ReadWorker?
    }

    /// A batch of a hundred reads waits once for a Postgres that does not answer, not a hundred times.
    @Test(.timeLimit(.minutes(2))) func aBatchMeetsAHangingPostgresOnce() async throws {
        let server = try await TestPostgres.start()
        let postgres = PostgresConfiguration(url: server.url(), applicationName: "store")
        var configuration = EventStoreConfiguration()
        configuration.answerLimit = .seconds(2)
        let settings = configuration
        let replies = (0..<100).map { _ in Reply<[StoredEvent]>() }
        let order = Reply<LoadedOrder?>()
        let thread = try ThreadExecutor(name: "test-read-worker")
        defer { thread.shutdown() }
        let confined = Confined()
        try await thread.run {
            let logger = Fixture.quietLogger()
            let connection = LaneConnection(
                postgres, name: "read", writes: false, configuration: settings, logger: logger)
            let worker = ReadWorker(connection: connection, configuration: settings, logger: logger)
            try worker.connect()
            confined.worker = worker
        }
        try await server.freeze()
        try await thread.run {
            let reads = replies.map { ReadRequest.history(orderID: "a", from: 0, limit: 10, $0) }
            #expect(throws: LaneDown.self) { try confined.worker?.process(reads + [.order(ExactText("a"), order)]) }
            confined.worker = nil
        }
        for reply in replies { expectUnavailable(await reply.await {}) }
        expectUnavailable(await order.await {})
        try await server.thaw()
    }

    private func expectUnavailable<Value>(_ outcome: Result<Value, EventStoreError>) {
        guard case .failure(.unavailable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }
}

import Orders
import Postgres
import TestKit

@testable import Projection

extension ProjectionDatabase {
    /// Asks for a rebuild, as `outboxctl` does.
    func askForRebuild(ordersPerSecond: Int = 1_000_000) async throws {
        try await run {
            try $0.execute(
                "INSERT INTO order_projection_rebuild (orders_per_second, reason) VALUES (\(ordersPerSecond), 'test')")
        }
    }

    func stopRebuild() async throws {
        try await run { try $0.execute("UPDATE order_projection_rebuild SET stop_asked_at = now()") }
    }

    /// One step, on a connection of its own.
    @discardableResult
    func rebuildStep(_ orders: Int = 2, member: String = "test") async throws -> RebuildStep.Kind {
        try await run {
            try ProjectionStore($0, topic: "orders", member: member).rebuildStep(maximumOrders: orders).kind
        }
    }

    /// Steps until the rebuild is over; throws the trouble of one.
    func finishRebuild(_ orders: Int = 2) async throws {
        while true {
            switch try await rebuildStep(orders) {
            case .switched, .stopped, .none: return
            case .troubled(let why): throw TestFailure(why)
            case .early, .started, .filled: continue
            }
        }
    }

    /// Writes rows into the live read model, right or wrong ones.
    func project(_ orders: ProjectedOrder...) async throws {
        try await store { _ = try $0.write(orders) }
    }

    func text(_ sql: String) async throws -> String {
        try await run { try $0.query(PostgresStatement(sql)).string(0, 0) }
    }

    /// What must not be there when no rebuild is open.
    func leftovers() async throws -> Int64 {
        try await number(
            """
            SELECT count(*) + (SELECT count(*) FROM order_projection_rebuild_change) FROM pg_class
            WHERE relname LIKE 'order_projection_shadow%'
            """)
    }
}

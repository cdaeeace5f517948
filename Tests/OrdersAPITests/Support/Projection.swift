import Logging
import Postgres
import TestKit

@testable import OrdersAPI

/// A fresh database whose projection tests fill by hand, as the projector would.
struct Projection: Sendable {
    let configuration: PostgresConfiguration
    let pool: PostgresPool
    let list: ProjectionOrderList

    init() async throws {
        configuration = try await TestPostgres.configuration()
        pool = try PostgresPool(configuration, size: 2)
        list = ProjectionOrderList(pool: pool, logger: .init(label: "test"))
    }

    /// Shows an order whose last event has this sequence number, and tells the listeners.
    func show(
        _ orderID: String, sequence: Int64 = 0, customer: String = "c", vendor: String = "v", payment: Int32 = 1,
        shipping: Int32 = 1,
        createdAt: Int64 = 1_000_000, notify: Bool = true
    ) async throws {
        try await pool.reading { connection in
            try connection.query(
                Self.upsert,
                [
                    .text(orderID), .int8(sequence), .text(customer), .text(vendor), .int4(payment), .int4(shipping),
                    .timestamp(microsecondsSince1970: createdAt),
                ])
            if notify { try connection.query(Self.notify, [.text(orderID)]) }
        }
    }

    /// Shows many orders of 40 customers and vendors; one in a thousand failed to be paid, one in a thousand is
    /// delivered.
    func fill(orders: Int64) async throws {
        try await pool.reading { connection in
            try connection.query(Self.fill, [.int8(orders)])
            try connection.execute("ANALYZE order_projection")
        }
    }

    /// How Postgres would run the list's statement, one line per step.
    func plan(of query: OrderListQuery) async throws -> String {
        try await pool.reading { connection in
            let asked = query.postgresQuery
            let rows = try connection.query(
                PostgresStatement("EXPLAIN (COSTS OFF) " + asked.statement.sql), asked.parameters)
            return try (0..<rows.count).map { try rows.string($0, 0) }.joined(separator: "\n")
        }
    }

    private static let fill: PostgresStatement = """
        INSERT INTO order_projection (
            order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
            payment_method, payment_status, shipping_status, created_at, updated_at)
        SELECT 'o' || n, 0, 'c' || n % 40, 'v' || n % 40, 'p', 1, 100, 'm', CASE n % 1000 WHEN 1 THEN 4 ELSE 3 END,
            CASE n % 1000 WHEN 2 THEN 4 ELSE 2 END, to_timestamp(n), to_timestamp(n)
        FROM generate_series(1, $1) n
        """

    private static let upsert: PostgresStatement = """
        INSERT INTO order_projection (
            order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
            payment_method, payment_status, shipping_status, created_at, updated_at)
        VALUES ($1, $2, $3, $4, 'p', 1, 100, 'm', $5::int2, $6::int2, $7, $7)
        ON CONFLICT (order_id) DO UPDATE SET last_sequence_number = EXCLUDED.last_sequence_number
        """

    private static let notify: PostgresStatement = "SELECT pg_notify('order_projection', $1)"
}

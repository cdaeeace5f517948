import EventStore
import Orders
import Postgres
import TestKit

/// A database whose tables stay empty until ``fill()``, which makes hundreds of thousands of rows on the server.
struct PlansDatabase: Sendable {
    let postgres: PostgresConfiguration

    /// Orders made by ``fill()``, with three events each. An index that is read as a whole then touches more than a
    /// thousand buffers.
    static let orders = 200_000
    static let details = OrderDetails(
        customerID: "customer", vendorID: "vendor", productID: "product", quantity: 5,
        totalPrice: Money(cents: 9_999)!, paymentMethod: "CREDIT_CARD")

    /// The identifier of a filled order, from 0.
    static func filled(_ number: Int) -> String {
        let digits = "\(number)"
        return "fill-" + String(repeating: "0", count: 7 - digits.count) + digits
    }

    /// 2026-01-01T00:00:00Z in microseconds since 1970: the time of the first filled order. The next one follows after
    /// 10 milliseconds.
    private static let begin: Int64 = 1_767_225_600_000_000
    static var middleOfEvents: Int64 { begin + Int64(orders / 2) * 10_000 }

    init() async throws {
        postgres = try await TestPostgres.configuration()
        try await run { connection in
            try connection.execute("CREATE EXTENSION pg_stat_statements")
            // Its ANALYZE would replace the plans, at a moment that nobody chose.
            for table in Self.tables { try connection.execute("ALTER TABLE \(table) SET (autovacuum_enabled = off)") }
        }
    }

    private static let tables = [
        "event", "idempotency_key", "order_projection", "order_projection_claim", "order_projection_healing",
        "payment_retry", "payment_mark",
    ]

    func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        var configuration = postgres
        configuration.statementDeadline = nil
        let fixed = configuration
        return try await onThread { try body(PostgresConnection(fixed)) }
    }

    // MARK: Rows

    func fill() async throws {
        try await run { connection in
            let payloads = try [OrderEvent.placed(Self.details), .paymentInitiated, .paid].map {
                try EventCodec.encode($0, orderID: "fill", at: Self.begin).bytes
            }
            try connection.query(Self.fillEvents, payloads.map { .bytea($0) } + [.int8(Int64(Self.orders))])
            for statement in [Self.fillProjection, Self.fillKeys, Self.fillRetries] {
                try connection.query(statement, [.int8(Int64(Self.orders))])
            }
            // Without it the index has no summaries, and every range is read. Autovacuum asks for it otherwise.
            try connection.execute("SELECT brin_summarize_new_values('event_created_at')")
        }
    }

    private static let fillEvents: PostgresStatement = """
        INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data, created_at)
        SELECT gen_random_uuid(), 'fill-' || lpad(n::text, 7, '0'), s, 'order',
            (ARRAY['order_placed', 'order_payment_initiated', 'order_paid'])[s + 1],
            (ARRAY[$1, $2, $3])[s + 1], '2026-01-01T00:00:00Z'::timestamptz + n * interval '10 milliseconds'
        FROM generate_series(0, $4 - 1) n, generate_series(0, 2) s
        """
    private static let fillProjection: PostgresStatement = """
        INSERT INTO order_projection (order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity,
            total_price_cents, payment_method, payment_status, shipping_status, created_at, updated_at)
        SELECT 'fill-' || lpad(n::text, 7, '0'), 2, 'customer-' || n % 10000, 'vendor-' || n % 100, 'product', 5, 9999,
            'CREDIT_CARD', CASE WHEN n % 1000 = 7 THEN 4 ELSE 3 END,
            CASE WHEN n % 1000 = 8 THEN 5 WHEN n % 1000 = 7 THEN 1 ELSE 4 END,
            '2026-01-01T00:00:00Z'::timestamptz + n * interval '10 milliseconds', clock_timestamp()
        FROM generate_series(0, $1 - 1) n
        """
    private static let fillKeys: PostgresStatement = """
        INSERT INTO idempotency_key (key, request_hash, event_id, order_id, order_version)
        SELECT 'key-' || n, 'x', gen_random_uuid(), 'order', 1 FROM generate_series(0, $1 - 1) n
        """
    private static let fillRetries: PostgresStatement = """
        INSERT INTO payment_retry (order_id, last_error, retry_at)
        SELECT 'fill-' || lpad(n::text, 7, '0'), 'no answer', clock_timestamp() + interval '1 day'
        FROM generate_series(0, $1 - 1) n
        """

    func analyze() async throws {
        try await run { try $0.execute("ANALYZE order_projection") }
    }

    // MARK: Buffers

    struct Statement: Sendable {
        let text: String
        /// Of one call, on average.
        let buffers: Int64
    }

    func reset() async throws {
        try await run {
            try $0.execute(
                "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")
        }
    }

    /// What ran since ``reset()``, besides the statements of this fixture.
    func statements() async throws -> [Statement] {
        try await run { connection in
            let rows = try connection.query(
                """
                SELECT query, ((shared_blks_hit + shared_blks_read) / calls)::bigint FROM pg_stat_statements
                WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND calls > 0
                    AND query NOT LIKE '%pg_stat_statements%'
                """)
            return try (0..<rows.count).map { row in
                Statement(text: try rows.string(row, 0), buffers: try rows.int64(row, 1))
            }
        }
    }
}

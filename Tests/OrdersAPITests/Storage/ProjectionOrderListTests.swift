import Logging
import OrdersProto
import Postgres
import TestKit
import Testing

@testable import OrdersAPI

/// The list's SQL, against a real Postgres.
struct ProjectionOrderListTests {
    private func ids(_ projection: Projection, _ change: (inout OrderListQuery) -> Void = { _ in }) async throws
        -> [String]
    {
        var query = OrderListQuery(limit: 100)
        change(&query)
        return try await projection.list.orders(query).map(\.orderID)
    }

    @Test func showsTheNewestFirstAndTiesByIdentifier() async throws {
        let projection = try await Projection()
        try await projection.show("old", createdAt: 1_000_000)
        try await projection.show("b", createdAt: 2_000_000)
        try await projection.show("a", createdAt: 2_000_000)
        try await projection.show("new", sequence: 4, payment: 3, shipping: 2, createdAt: 1_704_103_200_000_001)
        #expect(try await ids(projection) == ["new", "b", "a", "old"])
        #expect(try await ids(projection) { $0.limit = 2 } == ["new", "b"])
        #expect(try await ids(projection) { $0.offset = 3 } == ["old"])
        let newest = try #require(try await projection.list.orders(OrderListQuery(limit: 1)).first)
        #expect(newest.version == 5)
        #expect(newest.paymentStatus == .paid)
        #expect(newest.shippingStatus == .waitingForShipment)
        #expect(newest.createdAt.rfc3339 == "2024-01-01T10:00:00.000001Z")
    }

    @Test func everySetOfFiltersFindsItsOrders() async throws {
        let projection = try await Projection()
        for index in 0..<16 {
            try await projection.show(
                "o\(index)", customer: index & 1 == 0 ? "c" : "x", vendor: index & 2 == 0 ? "v" : "x",
                payment: index & 4 == 0 ? 1 : 3, shipping: index & 8 == 0 ? 1 : 5, createdAt: Int64(index) * 1_000_000)
        }
        for shape in 0..<16 {
            let expected = (0..<16).reversed().filter { $0 & shape == 0 }.map { "o\($0)" }
            for isKeyset in [false, true] {
                let found = try await ids(projection) { query in
                    query.isKeyset = isKeyset
                    if shape & 1 != 0 { query.customerID = "c" }
                    if shape & 2 != 0 { query.vendorID = "v" }
                    if shape & 4 != 0 { query.paymentStatus = .pending }
                    if shape & 8 != 0 { query.shippingStatus = .waitingForPayment }
                }
                #expect(found == expected, "shape \(shape)")
            }
            let token = PageToken(createdAtMicroseconds: 8_000_000, orderID: "o8")
            let rest = try await ids(projection) { query in
                query.after = token
                if shape & 1 != 0 { query.customerID = "c" }
                if shape & 2 != 0 { query.vendorID = "v" }
                if shape & 4 != 0 { query.paymentStatus = .pending }
                if shape & 8 != 0 { query.shippingStatus = .waitingForPayment }
            }
            #expect(rest == expected.filter { (Int($0.dropFirst()) ?? 99) < 8 }, "shape \(shape) after o8")
        }
    }

    @Test func aVersionCountsEvents() async throws {
        let projection = try await Projection()
        try await projection.show("o", sequence: 2)
        #expect(try await projection.list.version(of: "o") == 3)
        #expect(try await projection.list.version(of: "unknown") == 0)
    }

    /// A restart of a pooler, or an administrator, ended the idle sessions: the list is read once more.
    @Test func aListIsReadAgainWhenItsSessionWasEnded() async throws {
        let projection = try await Projection()
        try await projection.show("o", sequence: 2)
        let configuration = projection.configuration
        for _ in 0..<3 {
            try await onThread {
                try PostgresConnection(configuration).execute(
                    """
                    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """)
            }
            #expect(try await projection.list.version(of: "o") == 3)
        }
    }

    @Test func anAbsentPostgresIsUnavailable() async throws {
        let pool = try PostgresPool(
            PostgresConfiguration(url: "postgresql://127.0.0.1:1/none", applicationName: "tests"), size: 1)
        let list = ProjectionOrderList(pool: pool, logger: .init(label: "test"))
        let error = await #expect(throws: APIError.self) { try await list.version(of: "o") }
        #expect(error?.code == .unavailable)
        #expect(error?.retryAfter != nil)
    }
}

// MARK: - Plans

extension ProjectionOrderListTests {
    /// On a filled table each filter reads its own index, backwards, and neither sorts nor reads the table through.
    @Test func eachFilterIsServedByItsIndex() async throws {
        let projection = try await Projection()
        try await projection.fill(orders: 40_000)
        let plain = OrderListQuery(limit: 10)
        var filtered: [(index: String, query: OrderListQuery)] = [("newest", plain)]
        func add(_ index: String, _ change: (inout OrderListQuery) -> Void) {
            var query = plain
            change(&query)
            filtered.append((index, query))
        }
        add("customer") { $0.customerID = "c7" }
        add("vendor") { $0.vendorID = "v7" }
        add("payment_status") { $0.paymentStatus = .failed }
        add("shipping_status") { $0.shippingStatus = .delivered }
        for (index, first) in filtered {
            var next = first
            next.after = PageToken(createdAtMicroseconds: 30_000_000_000, orderID: "o30000")
            for query in [first, next] {
                let plan = try await projection.plan(of: query)
                #expect(plan.contains("Index Scan Backward using order_projection_\(index) "), "\(plan)")
                #expect(!plan.contains("Seq Scan") && !plan.contains("Sort"), "\(plan)")
            }
        }
    }
}

import EventStore
import Logging
import OrdersProto
import Postgres
import SwiftProtobuf

/// The list in the table `order_projection`, which the projector writes. It has a small pool of connections of its own,
/// so that a read never waits for a commit.
struct ProjectionOrderList: OrderList {
    let pool: PostgresPool
    let logger: Logger
    private let pages: SharedReads<OrderListQuery, [Orders_V1_OrderSummary]>

    init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
        pages = SharedReads(pool)
    }

    /// The configuration of the pool's connections: every page is read in the order of an index.
    static func connection(_ postgres: PostgresConfiguration) -> PostgresConfiguration {
        var result = postgres
        result.plans = .inIndexOrder
        return result
    }

    private static let shownVersion: PostgresStatement =
        "SELECT last_sequence_number FROM order_projection WHERE order_id = $1"

    func orders(_ query: OrderListQuery) async throws(APIError) -> [Orders_V1_OrderSummary] {
        try await mapped {
            try await pages.value(query) { connection in
                let prepared = query.postgresQuery
                let rows = try connection.query(prepared.statement, prepared.parameters)
                return try (0..<rows.count).map { try Orders_V1_OrderSummary(rows, $0) }
            }
        }
    }

    func version(of orderID: String) async throws(APIError) -> UInt32 {
        try await mapped {
            try await pool.reading { connection in
                let rows = try connection.query(Self.shownVersion, [.text(orderID)])
                return rows.count == 0 ? 0 : UInt32(clamping: try rows.int64(0, 0) + 1)
            }
        }
    }

    /// Runs a read and maps its error to the API's.
    private nonisolated(nonsending) func mapped<Value: Sendable>(
        _ read: nonisolated(nonsending) () async throws -> Value
    ) async throws(APIError) -> Value {
        do {
            return try await read()
        } catch let error as PostgresError where error.isConnectionLost {
            logger.debug("projection unavailable", metadata: ["error": "\(error)"])
            throw APIError.unavailable("the list of orders cannot be read: Postgres cannot be reached")
        } catch let error as PostgresError where error.code == .pool {
            var refusal = APIError(
                .resourceExhausted, reason: "OVERLOADED", "too many requests are waiting for the list; try again later")
            refusal.retryAfter = .seconds(1)
            throw refusal
        } catch {
            logger.error("the projection cannot be read", metadata: ["error": "\(error)"])
            throw APIError.internalError
        }
    }
}

extension Orders_V1_OrderSummary {
    /// Reads one row with the columns of ``Column``. An order's version is the number of its events, which are numbered
    /// from 0.
    fileprivate init(_ rows: PostgresResult, _ row: Int) throws {
        self.init()
        orderID = try rows.string(row, Column.orderID.rawValue)
        paymentStatus = .init(rawValue: Int(try rows.int32(row, Column.paymentStatus.rawValue))) ?? .unspecified
        shippingStatus = .init(rawValue: Int(try rows.int32(row, Column.shippingStatus.rawValue))) ?? .unspecified
        createdAt = .init(microsecondsSince1970: try rows.timestampMicroseconds(row, Column.createdAt.rawValue))
        updatedAt = .init(microsecondsSince1970: try rows.timestampMicroseconds(row, Column.updatedAt.rawValue))
        version = UInt32(clamping: try rows.int64(row, Column.lastSequenceNumber.rawValue) + 1)
        customerID = try rows.string(row, Column.customerID.rawValue)
        vendorID = try rows.string(row, Column.vendorID.rawValue)
    }
}

/// The columns of a page, in the order of the SELECT list.
private enum Column: Int {
    case orderID, paymentStatus, shippingStatus, createdAt, updatedAt, lastSequenceNumber, customerID, vendorID

    static let selectList = """
        order_id, payment_status::int4, shipping_status::int4, created_at, updated_at, last_sequence_number,
            customer_id, vendor_id
        """
}

/// The filters that a statement of the list has.
private struct Filters: OptionSet, Hashable, Sendable {
    let rawValue: Int
    static let after = Filters(rawValue: 1)
    static let customer = Filters(rawValue: 2)
    static let vendor = Filters(rawValue: 4)
    static let paymentStatus = Filters(rawValue: 8)
    static let shippingStatus = Filters(rawValue: 16)

    private static let ofOrders: Filters = [.customer, .vendor, .paymentStatus, .shippingStatus]

    /// One statement for each set of filters. Without a filter or with one, the index that serves it is always the
    /// right one. With several, it depends on their values which index has the fewest rows to pass over, so these
    /// statements are planned at every use.
    static let statements: [PostgresStatement] = (0..<32).map { bits in
        let filters = Filters(rawValue: bits)
        return PostgresStatement(
            filters.sql, isPlannedEachTime: filters.intersection(ofOrders).rawValue.nonzeroBitCount > 1)
    }

    /// The parameters are numbered in the order in which ``OrderListQuery/postgresQuery`` appends them.
    private var sql: String {
        var number = contains(.after) ? 4 : 2
        var conditions = contains(.after) ? ["(created_at, order_id) < ($3, $4)"] : []
        let filters: [(Filters, String, String)] = [
            (.customer, "customer_id", ""), (.vendor, "vendor_id", ""), (.paymentStatus, "payment_status", "::int2"),
            (.shippingStatus, "shipping_status", "::int2"),
        ]
        for (filter, column, cast) in filters where contains(filter) {
            number += 1
            conditions.append("\(column) = $\(number)\(cast)")
        }
        return """
            SELECT \(Column.selectList)
            FROM order_projection \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            ORDER BY created_at DESC, order_id DESC LIMIT $1 OFFSET $2
            """
    }
}

extension OrderListQuery {
    /// The statement for the query's filters, with its parameters.
    var postgresQuery: PostgresQuery {
        var filters: Filters = []
        var parameters: [PostgresParameter] = [.int8(Int64(rows)), .int8(Int64(offset))]
        if let after {
            filters.insert(.after)
            parameters.append(.timestamp(microsecondsSince1970: after.createdAtMicroseconds))
            parameters.append(.text(after.orderID))
        }
        if !customerID.isEmpty {
            filters.insert(.customer)
            parameters.append(.text(customerID))
        }
        if !vendorID.isEmpty {
            filters.insert(.vendor)
            parameters.append(.text(vendorID))
        }
        if paymentStatus != .unspecified {
            filters.insert(.paymentStatus)
            parameters.append(.int4(Int32(paymentStatus.rawValue)))
        }
        if shippingStatus != .unspecified {
            filters.insert(.shippingStatus)
            parameters.append(.int4(Int32(shippingStatus.rawValue)))
        }
        return PostgresQuery(Filters.statements[filters.rawValue], parameters)
    }
}

import Logging
import OrdersProto
import Postgres
import SwiftProtobuf

/// The list as the projector keeps it in Postgres, read through a small pool so that reading never waits for a commit.
struct ProjectionOrderList: OrderList {
    let pool: PostgresPool
    let logger: Logger

    private static let shownVersion: PostgresStatement = "SELECT version FROM order_projection WHERE order_id = $1"

    func orders(_ query: OrderListQuery) async throws(APIError) -> [Orders_V1_OrderSummary] {
        try await read { connection in
            let prepared = OrderListStatement.query(query)
            let rows = try connection.query(prepared.statement, prepared.parameters)
            return try (0..<rows.count).map { try Orders_V1_OrderSummary(rows, $0) }
        }
    }

    func version(of orderID: String) async throws(APIError) -> UInt32 {
        try await read { connection in
            let rows = try connection.query(Self.shownVersion, [.text(orderID)])
            return rows.count == 0 ? 0 : UInt32(clamping: try rows.int64(0, 0) + 1)
        }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws(APIError) -> Value {
        do {
            return try await pool.withConnection(body)
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
    /// Reads one row of the list's columns. The table's version is the last sequence number, one less than ours.
    fileprivate init(_ rows: PostgresResult, _ row: Int) throws {
        self.init()
        orderID = try rows.string(row, 0)
        paymentStatus = Orders_V1_PaymentStatus(rawValue: Int(try rows.int32(row, 1))) ?? .unspecified
        shippingStatus = Orders_V1_ShippingStatus(rawValue: Int(try rows.int32(row, 2))) ?? .unspecified
        createdAt = Google_Protobuf_Timestamp(microsecondsSince1970: try rows.timestampMicroseconds(row, 3))
        updatedAt = Google_Protobuf_Timestamp(microsecondsSince1970: try rows.timestampMicroseconds(row, 4))
        version = UInt32(clamping: try rows.int64(row, 5) + 1)
        customerID = try rows.string(row, 6)
        vendorID = try rows.string(row, 7)
    }
}

import OrdersProto
import Postgres
import SwiftProtobuf

/// The statements of the list: one per set of filters, so that each is planned for the index that serves it.
enum OrderListStatement {
    private struct Shape: OptionSet, Hashable, Sendable {
        let rawValue: Int
        static let keyset = Shape(rawValue: 1)
        static let customer = Shape(rawValue: 2)
        static let vendor = Shape(rawValue: 4)
        static let paymentStatus = Shape(rawValue: 8)
        static let shippingStatus = Shape(rawValue: 16)
    }

    private static let statements: [PostgresStatement] = (0..<32).map { PostgresStatement(sql(Shape(rawValue: $0))) }

    static func query(_ query: OrderListQuery) -> PostgresQuery {
        var shape: Shape = []
        var parameters: [PostgresParameter] = [.int8(Int64(query.rows))]
        parameters.append(.int8(Int64(query.offset)))
        if let token = query.after {
            shape.insert(.keyset)
            parameters.append(.timestamp(microsecondsSince1970: token.createdAtMicroseconds))
            parameters.append(.text(token.orderID))
        }
        if !query.customerID.isEmpty {
            shape.insert(.customer)
            parameters.append(.text(query.customerID))
        }
        if !query.vendorID.isEmpty {
            shape.insert(.vendor)
            parameters.append(.text(query.vendorID))
        }
        if query.paymentStatus != .unspecified {
            shape.insert(.paymentStatus)
            parameters.append(.int4(Int32(query.paymentStatus.rawValue)))
        }
        if query.shippingStatus != .unspecified {
            shape.insert(.shippingStatus)
            parameters.append(.int4(Int32(query.shippingStatus.rawValue)))
        }
        return PostgresQuery(statements[shape.rawValue], parameters)
    }

    /// Parameters are numbered in the order in which ``query(_:)`` appends them.
    private static func sql(_ shape: Shape) -> String {
        var number = shape.contains(.keyset) ? 4 : 2
        var conditions = shape.contains(.keyset) ? ["(created_at, order_id) < ($3, $4)"] : []
        let filters: [(Shape, String, String)] = [
            (.customer, "customer_id", ""), (.vendor, "vendor_id", ""), (.paymentStatus, "payment_status", "::int2"),
            (.shippingStatus, "shipping_status", "::int2"),
        ]
        for (filter, column, cast) in filters where shape.contains(filter) {
            number += 1
            conditions.append("\(column) = $\(number)\(cast)")
        }
        return """
            SELECT order_id, payment_status::int4, shipping_status::int4, created_at, updated_at, version, customer_id, vendor_id
            FROM order_projection \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            ORDER BY created_at DESC, order_id DESC LIMIT $1 OFFSET $2
            """
    }
}

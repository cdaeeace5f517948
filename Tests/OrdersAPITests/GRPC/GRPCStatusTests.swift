import EventStore
import GRPC
import Logging
import Orders
import Testing

@testable import OrdersAPI

struct GRPCStatusTests {
    @Test func everyCodeIsTheSameNumberInGRPC() {
        for code in APIStatusCode.allCases {
            let error = APIError(code, reason: "R", "m")
            #expect(error.grpcError.code.rawValue == code.rawValue)
            #expect(error.grpcError.message == "m")
        }
    }

    @Test func violationsAndDelaysBecomeDetails() {
        var error = APIError.invalid([FieldViolation("quantity", "must be more than zero")])
        error.retryAfter = .seconds(2)
        #expect(
            error.grpcError.details == [
                .errorInfo(reason: "INVALID_ARGUMENT", domain: "orders.v1", metadata: [:]),
                .badRequest([.init(field: "quantity", description: "must be more than zero")]),
                .retryInfo(after: .seconds(2)),
            ])
    }

    @Test func aRejectionKeepsItsReason() {
        let rejection = OrderRejection(.notPaid, field: "status", "status: not paid")
        let error = APIError(EventStoreError.rejected(rejection)).grpcError
        #expect(error.code == .failedPrecondition)
        #expect(error.details == [.errorInfo(reason: "ORDER_NOT_PAID", domain: "orders.v1", metadata: [:])])
    }

    @Test func aConflictNamesBothVersions() {
        let error = APIError(EventStoreError.conflict(expected: 2, actual: 5)).grpcError
        #expect(error.code == .aborted)
        #expect(error.message.contains("5") && error.message.contains("2"))
        let facts = ["expected_version": "2", "actual_version": "5"]
        #expect(error.details.first == .errorInfo(reason: "VERSION_MISMATCH", domain: "orders.v1", metadata: facts))
    }

    @Test func bothServiceNamesAreServed() {
        let store = MemoryOrderStore()
        var router = GRPCRouter()
        router.orders(
            OrderHandlers(
                store: store, list: MemoryOrderList(store: store), changes: OrderChanges(), logger: .init(label: "test")
            ))
        #expect(router.services == ["events.v1.OrderService", "orders.v1.OrderService"])
    }
}

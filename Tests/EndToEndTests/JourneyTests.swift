import Foundation
import InvariantKit
import TestKit
import Testing

extension EndToEndTests {
    /// An order's way from a client to Kafka and the read model, through the real binaries.
    @Suite struct JourneyTests {
        @Test func anOrderTravelsFromRESTToKafkaAndTheProjection() async throws {
            try await TestStack.with { stack in
                let id = try await stack.place()
                try await stack.waitForPayment(id, status: 3)

                let order = try await stack.rest("GET", "/v1/orders/\(id)")
                #expect(order.status == 200)
                #expect(order.string("order", "payment_status") == "PAYMENT_STATUS_PAID")
                #expect(order.string("order", "shipping_status") == "SHIPPING_STATUS_WAITING_FOR_SHIPMENT")
                let list = try await stack.rest("GET", "/v1/orders?limit=10&offset=0")
                #expect(list.text.contains(id))

                try await shipAndDeliver(stack, id)
                try await stack.expectInvariants([.init(orderID: id, version: 5)])
                try await kcatShowsTheContract(stack, id)
            }
        }

        private func shipAndDeliver(_ stack: TestStack, _ id: String) async throws {
            for status in ["IN_TRANSIT", "DELIVERED"] {
                let answer = try await stack.rest(
                    "PUT", "/v1/orders/\(id)/shipping-status", #"{"status": "SHIPPING_STATUS_\#(status)"}"#)
                #expect(answer.status == 200)
                #expect(answer.string("order_id") == id)
            }
            let late = try await stack.rest("POST", "/v1/orders/\(id)/cancel", #"{"reason": "too late"}"#)
            #expect(late.status == 400)
        }

        /// Key, headers and per-key order, as a foreign consumer sees them.
        private func kcatShowsTheContract(_ stack: TestStack, _ id: String) async throws {
            let topic = stack.kafka.topic("order")
            let output = try await Command.output(stack.kafka.kcat + ["-t", topic, "-C", "-e", "-q", "-f", "%k|%h\\n"])
            let lines = output.split(separator: "\n").filter { $0.hasPrefix(id + "|") }
            let types = [
                "order_placed", "order_payment_initiated", "order_paid", "order_shipping_status_updated",
                "order_shipping_status_updated",
            ]
            #expect(lines.count == types.count)
            for (number, (line, type)) in zip(lines, types).enumerated() {
                let wanted = [
                    "id=", "ce_specversion=1.0", "ce_type=\(type)", "ce_sequence=\(number)", "ce_subject=\(id)",
                    "ce_source=", "ce_time=",
                ]
                for header in wanted { #expect(line.contains(header), "\(line)") }
            }
        }

        @Test func aPythonClientCallsAllFiveRPCs() async throws {
            try await TestStack.with { stack in
                let python = try await Command.python()
                let output = try await Command.output([python, "Tests/Clients/order_calls.py", stack.grpcAddress])
                for call in ["PlaceOrder", "GetOrder", "UpdateOrderShippingStatus", "CancelOrder", "ListOrders"] {
                    #expect(output.contains(call))
                }
                try await stack.expectInvariants()
            }
        }

        @Test func aDeclinedCardEndsFailedWithTheReason() async throws {
            try await TestStack.with { stack in
                let id = try await stack.place(paymentMethod: "DECLINED_CARD")
                try await stack.waitForPayment(id, status: 4)
                let order = try await stack.rest("GET", "/v1/orders/\(id)")
                #expect(order.string("order", "payment_status") == "PAYMENT_STATUS_FAILED")
                #expect(order.string("order", "payment_failure_reason")?.isEmpty == false)
                let shipping = try await stack.rest(
                    "PUT", "/v1/orders/\(id)/shipping-status", #"{"status": "SHIPPING_STATUS_IN_TRANSIT"}"#)
                #expect(shipping.status == 400)
                try await stack.expectInvariants()
            }
        }

        /// The payment service is started only after the cancellation, so its events are as late as can be.
        @Test func aCancelledOrderStaysCancelledWhenThePaymentComesLate() async throws {
            try await TestStack.with([.relay, .projector, .server]) { stack in
                let id = try await stack.place()
                let cancelled = try await stack.rest(
                    "POST", "/v1/orders/\(id)/cancel", #"{"reason": "changed my mind"}"#)
                #expect(cancelled.status == 200)
                try await stack.start(.payments)
                let other = try await stack.place()
                try await stack.waitForPayment(other, status: 3)
                let order = try await stack.rest("GET", "/v1/orders/\(id)")
                #expect(order.string("order", "shipping_status") == "SHIPPING_STATUS_CANCELLED")
                #expect(order.string("order", "payment_status") != "PAYMENT_STATUS_PAID")
                try await stack.expectInvariants()
            }
        }

        /// Anyone may write to the outbox with the five columns they know.
        @Test func aRowInsertedWithPlainSQLTravels() async throws {
            try await TestStack.with([.relay]) { stack in
                try await stack.kafka.createTopic("invoice")
                let insert = """
                    INSERT INTO outbox (aggregate_type, aggregate_id, sequence_number, event_type, payload)
                    VALUES ('invoice', 'invoice-7', 0, 'invoice_issued', 'forty-two euros')
                    """
                _ = try await Command.output(["psql", stack.databaseURL, "-qX", "-c", insert])
                let topic = stack.kafka.topic("invoice")
                let output = try await Command.output(
                    stack.kafka.kcat + ["-t", topic, "-C", "-c", "1", "-q", "-o", "beginning", "-f", "%k|%s|%h"])
                #expect(output.hasPrefix("invoice-7|forty-two euros|"))
                #expect(output.contains("ce_type=invoice_issued"))
                try await stack.expectInvariants()
            }
        }
    }
}

import Orders
import Testing

@testable import Payments

@Suite struct PaymentStepTests {
    @Test(
        arguments: [
            ([], "nothing"), ([.placed(details())], "initiate"), ([.placed(details()), .paymentInitiated], "charge"),
            ([.placed(details()), .paymentInitiated, .paid], "nothing"),
            ([.placed(details()), .paymentInitiated, .paymentFailed(reason: "no")], "nothing"),
            ([.placed(details()), .cancelled(reason: "no")], "nothing"),
            ([.placed(details()), .paymentInitiated, .cancelled(reason: "no")], "void"),
            ([.placed(details()), .paymentInitiated, .paid, .cancelled(reason: "no")], "void"),
            (
                [.placed(details()), .paymentInitiated, .paymentFailed(reason: "no"), .cancelled(reason: "no")],
                "nothing"
            ),
            ([.placed(details()), .paymentInitiated, .paid, .shippingStatusUpdated(.inTransit)], "nothing"),
        ] as [([OrderEvent], String)])
    func theStateTellsTheStep(_ history: [OrderEvent], _ step: String) {
        let expected: PaymentStep =
            switch step {
            case "initiate": .initiate
            case "charge":
                .charge(PaymentRequest(orderID: "a", amount: details().totalPrice, paymentMethod: "CREDIT_CARD"))
            case "void": .void
            default: .nothing
            }
        #expect(PaymentStep("a", history.fold()) == expected)
    }
}

import Orders
import Testing

struct EvolveTests {
    @Test func placingStartsTheOrder() {
        #expect(evolve(nil, .placed(Sample.details)) == OrderState(details: Sample.details))
        #expect(Sample.placed.paymentStatus == .pending)
        #expect(Sample.placed.shippingStatus == .waitingForPayment)
    }

    @Test func payingLetsTheGoodsWaitForShipment() {
        let state = [.placed(Sample.details), .paymentInitiated, .paid].fold()
        #expect(state?.paymentStatus == .paid)
        #expect(state?.shippingStatus == .waitingForShipment)
    }

    @Test func aFailedPaymentKeepsItsReason() {
        let state = [.placed(Sample.details), .paymentInitiated, .paymentFailed(reason: "no funds")].fold()
        #expect(state?.paymentStatus == .failed)
        #expect(state?.paymentFailureReason == "no funds")
        #expect(state?.shippingStatus == .waitingForPayment)
    }

    @Test func cancellingKeepsThePaymentStatusAndTheReason() {
        let state = [.placed(Sample.details), .paymentInitiated, .cancelled(reason: "changed my mind")].fold()
        #expect(state?.paymentStatus == .initiated)
        #expect(state?.shippingStatus == .cancelled)
        #expect(state?.cancellationReason == "changed my mind")
        #expect(state?.isFinal == true)
    }

    @Test(arguments: [
        OrderEvent.placed(Sample.details), .paymentInitiated, .paid, .paymentFailed(reason: "late"),
        .cancelled(reason: "again"), .shippingStatusUpdated(.inTransit), .shippingStatusUpdated(.delivered),
    ])
    func whateverArrivesLateACancelledOrderStaysAsItWas(late: OrderEvent) {
        let cancelled = [.placed(Sample.details), .paymentInitiated, .cancelled(reason: "first")].fold()
        #expect(evolve(cancelled, late) == cancelled)
    }

    @Test(arguments: [
        OrderEvent.paymentInitiated, .paid, .paymentFailed(reason: "x"), .cancelled(reason: "x"),
        .shippingStatusUpdated(.inTransit),
    ])
    func nothingHappensBeforeTheOrderIsPlaced(early: OrderEvent) {
        #expect(evolve(nil, early) == nil)
    }

    @Test func goodsMoveForward() {
        let shipped = [.placed(Sample.details), .paymentInitiated, .paid, .shippingStatusUpdated(.inTransit)].fold()
        #expect(shipped?.shippingStatus == .inTransit)
        #expect(shipped?.isFinal == false)
        let delivered = evolve(shipped, .shippingStatusUpdated(.delivered))
        #expect(delivered?.shippingStatus == .delivered)
        #expect(delivered?.isFinal == true)
    }
}

public import Orders

/// Whoever moves the money. Called many times at once.
///
/// The order id is the idempotency key of everything: asking twice charges once, and the second answer is the first.
/// That is what makes it harmless to ask again after a crash, when nobody knows whether the first question was heard.
public protocol PaymentGateway: Sendable {
    /// Takes the money, or says why not. A void order is never charged: the answer is then a decline.
    ///
    /// - Throws: anything when there is no answer; it will be asked again.
    func charge(_ request: PaymentRequest) async throws -> PaymentOutcome

    /// Gives back whatever was taken for the order, and makes sure that nothing will be. Final, and harmless to repeat,
    /// also for an order that was never charged.
    func void(orderID: String) async throws
}

/// What is to be paid, by what means.
public struct PaymentRequest: Hashable, Sendable {
    public let orderID: String
    public let amount: Money
    public let paymentMethod: String

    public init(orderID: String, amount: Money, paymentMethod: String) {
        self.orderID = orderID
        self.amount = amount
        self.paymentMethod = paymentMethod
    }
}

/// The gateway's answer.
public enum PaymentOutcome: Hashable, Sendable {
    case approved
    case declined(reason: String)
}

public import Orders

/// The service that moves the money. Called for many orders at once, from any thread.
///
/// The order id is the idempotency key of every call: asking twice charges once, and the second answer is the first.
/// This makes it harmless to ask again after a crash, when it is not known whether the first request arrived.
public protocol PaymentGateway: Sendable {
    /// Takes the money, or says why not. A void order is never charged: the answer is then a decline.
    ///
    /// - Throws: any error when there is no answer; the request is then repeated.
    func charge(_ request: PaymentRequest) async throws -> PaymentOutcome

    /// Gives back all money taken for the order, and makes sure that none will be taken. Final, and harmless to repeat,
    /// also for an order that was never charged.
    ///
    /// - Throws: any error when there is no answer; the request is then repeated.
    func void(orderID: String) async throws
}

/// A request to pay one order.
public struct PaymentRequest: Hashable, Sendable {
    /// Also the idempotency key.
    public let orderID: String
    /// The order's total price.
    public let amount: Money
    /// As the customer named it, for example `CREDIT_CARD`.
    public let paymentMethod: String
}

/// The gateway's answer.
public enum PaymentOutcome: Hashable, Sendable {
    /// The money was taken.
    case approved
    /// No money was taken. The reason is recorded as an event, cut to the longest reason that an event can hold.
    case declined(reason: String)
}

/// A gateway that approves every payment but that of the card `DECLINED_CARD`.
///
/// Its answers depend on the request alone, so they are the same however often it is asked.
public struct SimulatedGateway: PaymentGateway {
    /// The payment method that is always declined.
    public static let declinedCard = "DECLINED_CARD"
    /// How long an answer takes.
    public var latency: Duration

    /// - Parameter latency: zero answers at once.
    public init(latency: Duration = .zero) {
        self.latency = latency
    }

    /// Approves, or declines ``declinedCard``.
    public func charge(_ request: PaymentRequest) async throws -> PaymentOutcome {
        if latency > .zero { try await ContinuousClock().sleep(for: latency) }
        return request.paymentMethod == Self.declinedCard ? .declined(reason: "the card was declined") : .approved
    }

    /// Succeeds.
    public func void(orderID: String) async throws {
        if latency > .zero { try await ContinuousClock().sleep(for: latency) }
    }
}

/// A gateway that takes everybody's money but that of the card `DECLINED_CARD`.
///
/// Its answers depend on the request alone, so they are the same however often it is asked.
public struct SimulatedGateway: PaymentGateway {
    /// The payment method that is always declined.
    public static let declinedCard = "DECLINED_CARD"
    /// How long an answer takes.
    public var latency: Duration

    public init(latency: Duration = .zero) {
        self.latency = latency
    }

    public func charge(_ request: PaymentRequest) async throws -> PaymentOutcome {
        if latency > .zero { try await ContinuousClock().sleep(for: latency) }
        return request.paymentMethod == Self.declinedCard ? .declined(reason: "the card was declined") : .approved
    }

    public func void(orderID: String) async throws {
        if latency > .zero { try await ContinuousClock().sleep(for: latency) }
    }
}

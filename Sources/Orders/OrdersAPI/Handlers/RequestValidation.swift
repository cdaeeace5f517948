import Orders
import OrdersProto

/// Collects the violations of a request's fields, so that one answer names all of them.
struct RequestValidation {
    static let priceTooFine = "must have at most two decimals"
    static let priceTooLarge = "must be at most \(JSONWriter.decimal(cents: Money.maximumCents))"

    private(set) var violations: [FieldViolation] = []

    /// Notes a violation unless the condition holds.
    mutating func require(_ condition: Bool, _ field: String, _ problem: @autoclosure () -> String) {
        if !condition { violations.append(FieldViolation(field, problem())) }
    }

    /// An identifier or a payment method: 1 to 255 characters.
    mutating func identifier(_ field: String, _ value: String) {
        if let problem = OrderLimits.problem(ofIdentifier: value) { violations.append(FieldViolation(field, problem)) }
    }

    /// An identifier that may be absent.
    mutating func optionalIdentifier(_ field: String, _ value: String) {
        if !value.isEmpty { identifier(field, value) }
    }

    /// A reason: 1 to 1,024 characters.
    mutating func reason(_ field: String, _ value: String) {
        if let problem = OrderLimits.problem(ofReason: value) { violations.append(FieldViolation(field, problem)) }
    }

    /// Absent, or 1 to 255 characters.
    mutating func requestID(_ value: String) {
        optionalIdentifier("request_id", value)
    }

    /// An amount of whole cents, more than zero; nil if a violation was noted.
    mutating func price(_ field: String, _ value: Double) -> Money? {
        if let money = Money(wireValue: value), money.cents > 0 { return money }
        if value.isNaN || value.isInfinite {
            require(false, field, "must be a number")
        } else if value <= 0 {
            require(false, field, "must be more than zero")
        } else {
            require(false, field, value > Double(Money.maximumCents) / 100 ? Self.priceTooLarge : Self.priceTooFine)
        }
        return nil
    }

    mutating func range(_ field: String, _ value: UInt32, _ range: ClosedRange<UInt32>) {
        require(range.contains(value), field, "must be from \(range.lowerBound) to \(range.upperBound)")
    }

    /// - Throws: INVALID_ARGUMENT with the violations, if there are any.
    func finish() throws(APIError) {
        guard violations.isEmpty else { throw APIError.invalid(violations) }
    }

    /// The shipping status that a request may set; nil if a violation was noted.
    mutating func shippingTarget(_ field: String, _ status: Orders_V1_ShippingStatus) -> ShippingStatus? {
        switch status {
        case .inTransit: return .inTransit
        case .delivered: return .delivered
        case .unspecified:
            require(false, field, "must be given")
        case .cancelled:
            require(false, field, "an order is cancelled by CancelOrder, not through its shipping status")
        case .waitingForPayment, .waitingForShipment:
            require(false, field, "must be SHIPPING_STATUS_IN_TRANSIT or SHIPPING_STATUS_DELIVERED")
        case .UNRECOGNIZED(let number):
            require(false, field, "there is no shipping status \(number)")
        }
        return nil
    }
}

import Orders
import OrdersProto

/// Collects what is wrong with a request's fields, so that one answer names them all.
struct RequestValidation {
    static let priceTooFine = "must have at most two decimals"
    static let priceTooLarge = "must be at most \(JSONWriter.decimal(cents: Money.maximumCents))"

    private(set) var violations: [FieldViolation] = []

    mutating func require(_ condition: Bool, _ field: String, _ problem: @autoclosure () -> String) {
        if !condition { violations.append(FieldViolation(field, problem())) }
    }

    /// An identifier or payment method: 1–255 characters.
    mutating func identifier(_ field: String, _ value: String) {
        if let problem = OrderLimits.problem(ofIdentifier: value) { violations.append(FieldViolation(field, problem)) }
    }

    /// An identifier that may be absent.
    mutating func optionalIdentifier(_ field: String, _ value: String) {
        if !value.isEmpty { identifier(field, value) }
    }

    mutating func reason(_ field: String, _ value: String) {
        if let problem = OrderLimits.problem(ofReason: value) { violations.append(FieldViolation(field, problem)) }
    }

    mutating func requestID(_ value: String) {
        optionalIdentifier("request_id", value)
    }

    /// Whole cents, more than zero; nil if a violation was noted instead.
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

    func finish() throws(APIError) {
        guard violations.isEmpty else { throw APIError.invalid(violations) }
    }
}

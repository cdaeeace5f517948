/// An amount of money in whole cents, at least zero.
///
/// The wire carries prices as JSON numbers, that is, as binary floating point. That is the only place where they may
/// be: this type takes a `Double` only if it is the nearest `Double` to an amount with at most two decimals.
public struct Money: Hashable, Sendable {
    /// The largest amount accepted from a client, in cents: ten billion in whole units. `Double` tells cents apart
    /// without doubt up to ninety times that.
    public static let maximumCents: Int64 = 1_000_000_000_000

    public let cents: Int64

    /// Nil if negative or above ``maximumCents``.
    public init?(cents: Int64) {
        guard (0...Self.maximumCents).contains(cents) else { return nil }
        self.cents = cents
    }

    /// Nil if negative, not a number, above ``maximumCents``, or finer than a cent.
    public init?(wireValue: Double) {
        guard wireValue.isFinite, wireValue >= 0, wireValue <= Double(Self.maximumCents) / 100 else { return nil }
        let cents = Int64((wireValue * 100).rounded())
        // The quotient is correctly rounded, so it is the very Double a reader of "12.34" gets; anything finer differs.
        guard Double(cents) / 100 == wireValue else { return nil }
        self.cents = cents
    }

    /// The nearest `Double`, which prints with at most two decimals.
    public var wireValue: Double { Double(cents) / 100 }
}

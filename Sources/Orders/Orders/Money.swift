/// An amount of money in whole cents, at least zero.
///
/// The API carries prices as JSON numbers and protobuf doubles, which are binary floating point; everywhere else they
/// are whole cents. A `Double` is accepted only if it is the nearest `Double` to an amount with at most two decimals.
public struct Money: Hashable, Sendable {
    /// The largest amount, in cents: ten billion in whole units. `Double` represents every cent distinctly up to
    /// ninety times that amount.
    public static let maximumCents: Int64 = 1_000_000_000_000

    /// 0 to ``maximumCents``.
    public let cents: Int64

    /// Nil if `cents` is negative or above ``maximumCents``.
    public init?(cents: Int64) {
        guard (0...Self.maximumCents).contains(cents) else { return nil }
        self.cents = cents
    }

    /// Nil if the value is negative, not a number, above ``maximumCents``, or finer than a cent.
    public init?(wireValue: Double) {
        guard wireValue.isFinite, wireValue >= 0, wireValue <= Double(Self.maximumCents) / 100 else { return nil }
        let cents = Int64((wireValue * 100).rounded())
        // The quotient is correctly rounded, so it equals what a parser makes of "12.34"; a finer value differs.
        guard Double(cents) / 100 == wireValue else { return nil }
        self.cents = cents
    }

    /// The nearest `Double` in whole units; it prints with at most two decimals.
    public var wireValue: Double { Double(cents) / 100 }
}

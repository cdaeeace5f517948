/// The way of one recovery pass through the time since the mark, slice by slice.
///
/// A slice covers twice the time of the one before while few orders are found, half of it when there were too many.
struct RecoveryWalk {
    /// Microseconds since 1970.
    private(set) var from: Int64
    let to: Int64
    private var seconds: Int64 = 60

    init(from: Int64, to: Int64) {
        self.from = from
        self.to = to
    }

    var isAtEnd: Bool { from >= to }

    /// The slice to look at next.
    var slice: Range<Int64> { from..<min(to, from + seconds * 1_000_000) }

    mutating func looked(found orders: Int) {
        from = slice.upperBound
        if orders > PaymentsLimits.slicePlacements {
            seconds = max(PaymentsLimits.minimumSliceSeconds, seconds / 2)
        } else if orders < PaymentsLimits.slicePlacements / 4 {
            seconds = min(PaymentsLimits.maximumSliceSeconds, seconds * 2)
        }
    }

    /// Where the next pass may begin once everything found is dealt with.
    var mark: Int64 { to - PaymentsLimits.markMarginSeconds * 1_000_000 }
}

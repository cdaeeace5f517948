/// How far one recovery pass has come through the time since the mark, slice by slice. Pure.
///
/// A slice covers twice the time of the slice before it while few orders are found, and half of it when there were too
/// many.
struct RecoveryWalk {
    /// Events recorded before are searched; in microseconds since 1970.
    private(set) var from: Int64
    /// The end of the pass, in microseconds since 1970.
    let to: Int64
    private var seconds: Int64 = 60

    init(from: Int64, to: Int64) {
        self.from = from
        self.to = to
    }

    var isAtEnd: Bool { from >= to }

    /// The slice to search next.
    var slice: Range<Int64> { from..<min(to, from + seconds * 1_000_000) }

    /// The slice was searched, and so many orders were found.
    mutating func searched(found orders: Int) {
        assert(!isAtEnd, "a pass goes on behind its end")
        from = slice.upperBound
        if orders > PaymentsLimits.slicePlacements {
            seconds = max(PaymentsLimits.minimumSliceSeconds, seconds / 2)
        } else if orders < PaymentsLimits.slicePlacements / 4 {
            seconds = min(PaymentsLimits.maximumSliceSeconds, seconds * 2)
        }
    }

    /// Where the next pass may begin once all orders found are settled.
    var mark: Int64 { to - PaymentsLimits.markMarginSeconds * 1_000_000 }
}

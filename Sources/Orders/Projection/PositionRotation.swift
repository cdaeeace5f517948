/// Which of the two position tables takes rows, and when it is time to change.
struct PositionRotation {
    private(set) var table = PositionTable.first
    private var appended = 0

    mutating func isDue(after positions: Int) -> Bool {
        appended += positions
        return appended >= ProjectionLimits.positionsPerRotation
    }

    /// - Parameter succeeded: whether ``table`` was emptied; if not, it is tried again after a tenth of the usual
    ///   number.
    mutating func done(_ succeeded: Bool) {
        appended = succeeded ? 0 : ProjectionLimits.positionsPerRotation * 9 / 10
        if succeeded { table = table.other }
    }
}

/// How many rows to ask for at once, so that they are about a chunk's bytes.
///
/// A payload that the server has to make, such as json as text, costs its whole length for every row that is looked at,
/// also for those that then do not fit. So the rows that came tell how many to ask for next. Pure.
struct ChunkRows: Sendable {
    private(set) var count = OutboxLimits.rowsOfFirstChunk

    /// So many rows were so many bytes. Half a chunk's bytes are aimed at: rows differ.
    mutating func read(_ rows: Int, bytes: Int) {
        guard rows > 0 else { return }
        let fitting = rows * (OutboxLimits.bytesPerChunk / 2) / max(1, bytes)
        count = max(1, min(fitting, count * Self.growth, OutboxLimits.rowsPerChunk))
    }

    private static let growth = 4
}
